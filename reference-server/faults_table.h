/* The one table of planted faults. X(ID, name, layer, rules it breaks, what the server then does).
 *
 * S ids are requirements of the gateway document, RFC6455-<section>-<case> those of RFC 6455. */
#ifndef GW_FAULTS_TABLE_H
#define GW_FAULTS_TABLE_H

/* clang-format off */
#define GW_FAULT_TABLE(X) GW_FAULT_HANDSHAKE(X) GW_FAULT_FRAME(X) GW_FAULT_CLOSE(X) GW_FAULT_GATEWAY(X) GW_FAULT_EVENTS(X) GW_FAULT_SURVIVAL(X)

#define GW_FAULT_HANDSHAKE(X) \
    X(UPGRADE_HEADER_MISSING, "upgrade-header-missing", "handshake", "RFC6455-4.2.2-H1", "The 101 answer has no Upgrade header.") \
    X(CONNECTION_HEADER_MISSING, "connection-header-missing", "handshake", "RFC6455-4.2.2-H1", "The 101 answer has no Connection header.") \
    X(ACCEPT_WRONG, "accept-wrong", "handshake", "RFC6455-4.2.2-H2 RFC6455-4.2.2-H3", "Sec-WebSocket-Accept is the hash of another GUID.") \
    X(ACCEPT_FIXED, "accept-fixed", "handshake", "RFC6455-4.2.2-H3", "Sec-WebSocket-Accept is always the one of the RFC's sample key.") \
    X(CASE_SENSITIVE, "case-sensitive-headers", "handshake", "RFC6455-4.2.1-H4", "Header names and tokens must be in the usual letter case, else 400.") \
    X(CONNECTION_EXACT, "connection-exact", "handshake", "RFC6455-4.2.1-H5", "Connection must be exactly Upgrade; a list with other tokens is refused.") \
    X(ACCEPTS_POST, "accepts-post", "handshake", "RFC6455-4.2.1-H6", "Any method is upgraded.") \
    X(ACCEPTS_HTTP10, "accepts-http10", "handshake", "RFC6455-4.2.1-H7", "An HTTP/1.0 request is upgraded.") \
    X(ACCEPTS_NO_HOST, "accepts-no-host", "handshake", "RFC6455-4.2.1-H8", "A request without Host is upgraded.") \
    X(ACCEPTS_NO_UPGRADE, "accepts-no-upgrade", "handshake", "RFC6455-4.2.1-H9", "A request without an Upgrade: websocket header is upgraded.") \
    X(ACCEPTS_NO_CONNECTION, "accepts-no-connection", "handshake", "RFC6455-4.2.1-H10", "A request whose Connection header lacks the Upgrade token is upgraded.") \
    X(ACCEPTS_NO_KEY, "accepts-no-key", "handshake", "RFC6455-4.2.1-H11", "A request without Sec-WebSocket-Key is upgraded.") \
    X(ACCEPTS_SHORT_KEY, "accepts-short-key", "handshake", "RFC6455-4.2.1-H12", "A key that does not decode to 16 bytes is accepted.") \
    X(ACCEPTS_BAD_KEY, "accepts-bad-key", "handshake", "RFC6455-4.2.1-H13", "A key that is not base64 is accepted.") \
    X(ACCEPTS_TWO_KEYS, "accepts-two-keys", "handshake", "RFC6455-11.3.1-H14", "Sec-WebSocket-Key may come twice.") \
    X(ACCEPTS_NO_VERSION, "accepts-no-version", "handshake", "RFC6455-4.2.1-H15", "A request without Sec-WebSocket-Version is upgraded.") \
    X(ACCEPTS_VERSION_99, "accepts-any-version", "handshake", "RFC6455-4.4-H16", "Any Sec-WebSocket-Version is upgraded.") \
    X(VERSION_NOT_NAMED, "version-not-named", "handshake", "RFC6455-4.4-H16", "A wrong version is answered with a plain 400 that names no version.") \
    X(ACCEPTS_ANY_PATH, "accepts-any-path", "handshake", "S1 RFC6455-4.2.2-H17", "Every path is the gateway.") \
    X(ENDPOINT_MISSING, "endpoint-missing", "handshake", "S1 RFC6455-4.2.2-H1 RFC6455-4.2.2-H2 RFC6455-4.2.2-H3 RFC6455-4.2.1-H4 RFC6455-4.2.1-H5 RFC6455-4.4-H16 RFC6455-9.1-H19 RFC6455-4.2.1-H20 RFC6455-10.2-H23", "The gateway's own path is answered with 404.") \
    X(SUBPROTOCOL_INVENTED, "subprotocol-invented", "handshake", "RFC6455-4.2.2-H18", "The 101 answer selects a subprotocol that was never offered.") \
    X(EXTENSION_INVENTED, "extension-invented", "handshake", "RFC6455-9.1-H19", "The 101 answer turns on an extension that was never offered.") \
    X(BYTEWISE_REQUEST_FAILS, "bytewise-request-fails", "handshake", "RFC6455-4.2.1-H20", "A request that does not come in one piece is refused.") \
    X(EARLY_FRAME_LOST, "early-frame-lost", "handshake", "RFC6455-4.2.2-H21 RFC6455-5.5.2-P9", "Bytes that ride behind the request in one segment are lost.") \
    X(LONG_REQUEST_HANGS, "long-request-hangs", "handshake", "RFC6455-4.2.1-H22", "A request beyond the limit is swallowed without an answer.") \
    X(FOREIGN_ORIGIN_FAILS, "foreign-origin-fails", "handshake", "RFC6455-10.2-H23", "A request with an Origin of another site is answered with 500.") \
    X(STALLED_REQUEST_KEPT, "stalled-request-kept", "handshake", "RFC6455-4.2.1-H24", "A request that never ends keeps its connection for ever.")

#define GW_FAULT_FRAME(X) \
    X(MASKS_FRAMES, "masks-frames", "frame", "RFC6455-5.1-L16", "The server masks its frames.") \
    X(REFUSES_125, "refuses-125", "frame", "RFC6455-5.2-L1", "A message of exactly 125 bytes is refused.") \
    X(REFUSES_126, "refuses-126", "frame", "RFC6455-5.2-L2", "A payload of exactly 126 bytes is refused.") \
    X(REFUSES_127, "refuses-127", "frame", "RFC6455-5.2-L3", "A message of exactly 127 bytes is refused.") \
    X(REFUSES_128, "refuses-128", "frame", "RFC6455-5.2-L4", "A message of exactly 128 bytes is refused.") \
    X(REFUSES_65535, "refuses-65535", "frame", "RFC6455-5.2-L5", "A message of exactly 65535 bytes is refused.") \
    X(REFUSES_LONG_FORM, "refuses-64-bit-length", "frame", "RFC6455-5.2-L6", "A frame with a 64-bit length is refused.") \
    X(SPLIT_FRAMES_LOST, "split-frames-lost", "frame", "RFC6455-5.2-L8 RFC6455-5.5.2-P5 RFC6455-8.1-U4", "A frame whose header does not come in one piece is dropped.") \
    X(MASK_RESTARTS, "mask-restarts", "frame", "RFC6455-5.2-L7 RFC6455-5.2-L8", "When the payload of a frame of up to 16 KiB comes in pieces, unmasking starts anew with each.") \
    X(SPLIT_HEADER_FAILS, "split-header-fails", "frame", "RFC6455-5.2-L8 RFC6455-5.5.2-P5 RFC6455-8.1-U4", "A frame whose header does not come in one piece fails the connection.") \
    X(ACCEPTS_LONG_16, "accepts-16-bit-for-short", "frame", "RFC6455-5.2-L9", "A 16-bit length below 126 is accepted.") \
    X(ACCEPTS_LONG_64, "accepts-64-bit-for-short", "frame", "RFC6455-5.2-L10", "A 64-bit length below 65536 is accepted.") \
    X(ACCEPTS_TOP_BIT, "accepts-top-bit", "frame", "RFC6455-5.2-L11", "The top bit of a 64-bit length is ignored.") \
    X(HUGE_LENGTH_WAITS, "huge-length-waits", "frame", "RFC6455-10.4-L12", "A frame of any declared length is waited for, for ever.") \
    X(ACCEPTS_UNMASKED_DATA, "accepts-unmasked-data", "frame", "RFC6455-5.1-L13", "Unmasked data frames are accepted.") \
    X(ACCEPTS_UNMASKED_CONTROL, "accepts-unmasked-control", "frame", "RFC6455-5.1-L14", "Unmasked control frames are accepted.") \
    X(REFUSES_ZERO_MASK, "refuses-zero-mask", "frame", "RFC6455-5.3-L15", "A masking key of zero is refused.") \
    X(ACCEPTS_RSV1, "accepts-rsv1", "frame", "RFC6455-5.2-R1", "RSV1 on a data frame is ignored.") \
    X(ACCEPTS_RSV2, "accepts-rsv2", "frame", "RFC6455-5.2-R2", "RSV2 on a data frame is ignored.") \
    X(ACCEPTS_RSV3, "accepts-rsv3", "frame", "RFC6455-5.2-R3", "RSV3 on a data frame is ignored.") \
    X(ACCEPTS_RSV_ALL, "accepts-all-rsv", "frame", "RFC6455-5.2-R4", "All three reserved bits at once on a data frame are ignored.") \
    X(ACCEPTS_RSV_PING, "accepts-rsv-on-ping", "frame", "RFC6455-5.2-R5", "Reserved bits on a Ping are ignored.") \
    X(ACCEPTS_RSV_CLOSE, "accepts-rsv-on-close", "frame", "RFC6455-5.2-R6", "Reserved bits on a Close are ignored.") \
    X(ACCEPTS_RSV_CONTINUATION, "accepts-rsv-on-continuation", "frame", "RFC6455-5.2-R7", "Reserved bits on a continuation are ignored.") \
    X(ACCEPTS_RESERVED_DATA, "accepts-reserved-data-opcodes", "frame", "RFC6455-5.2-O1 RFC6455-5.2-O3", "Frames with opcode 3 to 7 are skipped.") \
    X(ACCEPTS_RESERVED_CONTROL, "accepts-reserved-control-opcodes", "frame", "RFC6455-5.2-O2 RFC6455-5.2-O3", "Frames with opcode 11 to 15 are skipped.") \
    X(ACCEPTS_RESERVED_LATER, "accepts-reserved-opcodes-later", "frame", "RFC6455-5.2-O3", "After a first good message, frames with a reserved opcode are skipped.") \
    X(IGNORES_EMPTY_PING, "ignores-empty-ping", "frame", "RFC6455-5.5.2-P1", "A Ping without payload is not answered.") \
    X(IGNORES_PINGS, "ignores-pings", "frame", "RFC6455-5.5.2-P1 RFC6455-5.5.3-P2 RFC6455-5.5.3-P3 RFC6455-5.5.2-P5 RFC6455-5.5.2-P7 RFC6455-5.5.3-P8 RFC6455-5.4-G4 RFC6455-5.5.2-P9 RFC6455-5.5.2-P12", "Pings are not answered.") \
    X(PONG_EMPTY, "pong-empty", "frame", "RFC6455-5.5.3-P2 RFC6455-5.5.3-P3 RFC6455-5.5.2-P12 RFC6455-5.5.3-P8", "Pongs carry no payload.") \
    X(PONG_TEXT_ONLY, "pong-cut-at-nul", "frame", "RFC6455-5.5.3-P3", "The payload of a Pong ends at the first zero byte.") \
    X(ACCEPTS_LONG_PING, "accepts-long-ping", "frame", "RFC6455-5.5-P4", "Pings of more than 125 bytes are answered.") \
    X(PONG_FOR_PONG, "pong-for-pong", "frame", "RFC6455-5.5.3-P6", "An unsolicited Pong is answered with a Pong.") \
    X(PONGS_LAST_ONLY, "pongs-last-only", "frame", "RFC6455-5.5.3-P8", "Of several Pings in one segment only the last is answered.") \
    X(PONGS_FIRST_ONLY, "pongs-first-only", "frame", "RFC6455-5.5.3-P8 RFC6455-5.5.2-P12", "Of several Pings in one segment only the first is answered.") \
    X(PONG_UNASKED, "pong-unasked", "frame", "RFC6455-5.5.3-P11", "A Pong with data goes behind hello, though nobody sent a Ping.") \
    X(PING_FLOOD_TO_ROOM, "ping-flood-disturbs-room", "frame", "RFC6455-5.5.2-P10", "More than 4000 Pings on one connection drop the other clients of the room.") \
    X(PONGS_REVERSED, "pongs-reversed", "frame", "RFC6455-5.5.3-P8", "Several Pings in one segment are answered in reverse order.") \
    X(EARLY_PING_IGNORED, "early-ping-ignored", "frame", "RFC6455-5.5.2-P9", "A Ping that rides behind the request is not answered.") \
    X(REFUSES_FRAGMENTS, "refuses-fragments", "frame", "RFC6455-5.4-G1 RFC6455-5.4-G2 RFC6455-5.4-G3 RFC6455-5.4-G5 RFC6455-5.4-G4 RFC6455-8.1-U5 RFC6455-8.1-U9", "Fragmented messages are refused.") \
    X(REFUSES_EMPTY_FRAGMENTS, "refuses-empty-fragments", "frame", "RFC6455-5.4-G3", "An empty fragment is refused.") \
    X(PING_IN_FRAGMENTS_LATE, "ping-in-fragments-late", "frame", "RFC6455-5.4-G4", "A Ping inside a fragmented message is answered after the message.") \
    X(SLOW_FRAGMENTS_DROPPED, "slow-fragments-dropped", "frame", "RFC6455-5.4-G5", "A fragmented message that takes more than I / 2 is refused.") \
    X(ACCEPTS_FRAGMENTED_PING, "accepts-fragmented-ping", "frame", "RFC6455-5.5-G6", "Ping frames without FIN are answered, and a continuation behind one is skipped.") \
    X(ACCEPTS_FRAGMENTED_PONG, "accepts-fragmented-pong", "frame", "RFC6455-5.5-G7", "Pong frames without FIN are accepted.") \
    X(ACCEPTS_FRAGMENTED_CLOSE, "accepts-fragmented-close", "frame", "RFC6455-5.5-G8", "Close frames without FIN are answered as if whole.") \
    X(ACCEPTS_ORPHAN, "accepts-orphan-continuation", "frame", "RFC6455-5.4-G9 RFC6455-5.4-G10", "A continuation without a message to continue is skipped.") \
    X(ACCEPTS_TEXT_IN_FRAGMENTS, "accepts-text-in-fragments", "frame", "RFC6455-5.4-G11", "A new message inside a fragmented one replaces it.") \
    X(UNFINISHED_STOPS_TIMEOUT, "unfinished-message-stops-timeout", "frame", "RFC6455-5.4-G12", "While a message is unfinished the heartbeat timeout does not fire.") \
    X(FRAGMENTS_TO_ROOM, "many-fragments-disturb-room", "frame", "RFC6455-5.4-G13", "A message of more than 1000 fragments, or one that becomes too big in fragments, drops the other clients of the room.") \
    X(MANY_FRAGMENTS_HANG, "many-fragments-hang", "frame", "S21", "A message of more than 1000 fragments makes the server hang.") \
    X(UTF8_PER_FRAGMENT, "utf8-per-fragment", "frame", "RFC6455-8.1-U2", "UTF-8 is checked for each fragment by itself.") \
    X(ACCEPTS_BAD_UTF8, "accepts-bad-utf8", "frame", "RFC6455-8.1-U3 RFC6455-8.1-U4 RFC6455-8.1-U5 RFC6455-8.1-U6 RFC6455-8.1-U7 RFC6455-8.1-U8 RFC6455-8.1-U9", "Text that is not UTF-8 is ignored in silence.") \
    X(UTF8_LATE, "utf8-late", "frame", "RFC6455-8.1-U5", "UTF-8 is checked when a message ends, not as it comes.") \
    X(ACCEPTS_SURROGATES, "accepts-surrogates", "frame", "RFC6455-8.1-U6", "Surrogates encoded in UTF-8 are let pass.") \
    X(ACCEPTS_OVERLONG, "accepts-overlong", "frame", "RFC6455-8.1-U7", "Overlong UTF-8 is let pass.") \
    X(ACCEPTS_BEYOND_UNICODE, "accepts-beyond-unicode", "frame", "RFC6455-8.1-U8", "Code points above U+10FFFF are let pass.") \
    X(ACCEPTS_TRUNCATED_UTF8, "accepts-truncated-utf8", "frame", "RFC6455-8.1-U9", "A message may end within a code point.") \
    X(REFUSES_NONCHARACTERS, "refuses-noncharacters", "frame", "RFC6455-8.1-U10", "U+FFFE and U+FFFF are refused as if they were not UTF-8.") \
    X(REFUSES_NON_ASCII, "refuses-non-ascii", "frame", "RFC6455-8.1-U1 RFC6455-8.1-U2 RFC6455-8.1-U10", "Text with letters beyond ASCII is refused as if it were not UTF-8.") \
    X(BINARY_AS_TEXT, "binary-as-text", "frame", "RFC6455-5.6-U11", "A binary message must be UTF-8, else 1007.") \
    X(SENDS_LONG_LENGTHS, "sends-long-lengths", "frame", "RFC6455-5.2-L17", "The server sends short frames with a 16-bit length.") \
    X(SENDS_BAD_UTF8, "sends-bad-utf8", "frame", "RFC6455-8.1-U12", "A text with letters beyond ASCII is sent in Latin-1.") \
    X(SENDS_ORPHAN, "sends-orphan-continuation", "frame", "RFC6455-5.4-G14", "An empty continuation that continues nothing goes ahead of each event 3 to 7.") \
    X(SENDS_FRAGMENTED_PONG, "sends-fragmented-pong", "frame", "RFC6455-5.5-G15", "Pongs are sent without FIN.") \
    X(SENDS_RESERVED_OPCODE, "sends-reserved-opcode", "frame", "RFC6455-5.2-O4", "An empty frame of opcode 11 goes ahead of each event 3 to 7.") \
    X(SENDS_RSV1, "sends-rsv1", "frame", "RFC6455-5.2-R8", "Events 3 to 7 are sent with RSV1 set.")

#define GW_FAULT_CLOSE(X) \
    X(NO_CLOSE_ECHO, "no-close-echo", "frame", "RFC6455-5.5.1-K1 RFC6455-5.5.1-K3 RFC6455-5.5.1-K4 RFC6455-5.5.1-K5 RFC6455-7.4-K8 RFC6455-7.4-K11", "A Close is answered with FIN alone.") \
    X(EMPTY_CLOSE_IGNORED, "empty-close-ignored", "frame", "RFC6455-5.5.1-K1", "A Close without code is ignored.") \
    X(ACCEPTS_ONE_BYTE_CLOSE, "accepts-one-byte-close", "frame", "RFC6455-5.5.1-K2", "A Close of one byte is answered as if it were empty.") \
    X(CLOSE_CODE_CHANGED, "close-code-changed", "frame", "RFC6455-5.5.1-K3", "Close 1000 is answered with 1001.") \
    X(REFUSES_CLOSE_REASON, "refuses-close-reason", "frame", "RFC6455-5.5.1-K4 RFC6455-5.5.1-K5", "A Close with a reason is refused with 1002.") \
    X(REFUSES_LONG_REASON, "refuses-long-reason", "frame", "RFC6455-5.5.1-K5", "A Close whose reason has more than 100 bytes is refused with 1002.") \
    X(ACCEPTS_LONG_CLOSE, "accepts-long-close", "frame", "RFC6455-5.5-K6", "A Close of more than 125 bytes is answered.") \
    X(ACCEPTS_BAD_REASON, "accepts-bad-reason", "frame", "RFC6455-5.5.1-K7", "A reason that is not UTF-8 is accepted.") \
    X(REFUSES_PRIVATE_CODES, "refuses-private-codes", "frame", "RFC6455-7.4-K8", "Close codes from 3000 on are refused with 1002.") \
    X(ECHOES_BAD_CODES, "echoes-bad-codes", "frame", "RFC6455-7.4-K9", "Close codes that must not be sent are echoed.") \
    X(ECHOES_FREE_CODES, "echoes-unassigned-codes", "frame", "RFC6455-7.4-K10", "Close codes that nobody has defined are echoed.") \
    X(REFUSES_IANA_CODES, "refuses-1012-to-1014", "frame", "RFC6455-7.4-K11", "Close codes 1012 to 1014 are refused with 1002.") \
    X(HIGH_CODES_IGNORED, "high-codes-ignored", "frame", "RFC6455-7.4-K12", "A Close with a code from 5000 on is ignored.") \
    X(SECOND_CLOSE_ANSWERED, "second-close-answered", "frame", "RFC6455-5.5.1-K13", "Each further Close is answered once more.") \
    X(PONG_AFTER_CLOSE, "pong-after-close", "frame", "RFC6455-5.5.1-K14", "Pings behind a Close are answered.") \
    X(READS_AFTER_CLOSE, "reads-after-close", "frame", "RFC6455-5.5.1-K15", "Messages behind a Close are still served.") \
    X(CLOSE_IN_FRAGMENTS_IGNORED, "close-in-fragments-ignored", "frame", "RFC6455-5.4-K16", "A Close inside a fragmented message is ignored.") \
    X(TCP_LEFT_OPEN, "tcp-left-open", "frame", "RFC6455-7.1.1-K17", "After the closing handshake the server waits for the client to close TCP.") \
    X(DATA_AFTER_CLOSE, "data-after-close", "frame", "RFC6455-5.5.1-K18", "A heartbeat_ack is sent behind the server's Close.") \
    X(CLOSE_REASON_BROKEN, "close-reason-broken", "frame", "RFC6455-5.5.1-K21", "The reason of the Close that times a client out is not UTF-8.") \
    X(CLOSE_CODE_FORBIDDEN, "close-code-forbidden", "frame", "RFC6455-7.4-K22", "A client that is timed out gets Close 1006.") \
    X(HALF_FRAME_TO_ROOM, "half-frame-disturbs-room", "frame", "RFC6455-7.2.1-K19", "A connection that ends within a frame drops the other clients of the room.") \
    X(HALF_FRAME_KILLS, "half-frame-kills", "frame", "S21", "A connection that ends within a frame takes the server down.") \
    X(CLOSE_WAITS_FOREVER, "close-waits-forever", "frame", "RFC6455-7.1.1-K20", "The server waits without end for the client's Close.")

#define GW_FAULT_GATEWAY(X) \
    X(HELLO_SLOW, "hello-slow", "gateway", "S2", "hello comes 2 s after the upgrade.") \
    X(HELLO_LATE, "hello-late", "gateway", "S2", "hello comes 7 s after the upgrade.") \
    X(HELLO_NEVER, "hello-never", "gateway", "S2", "hello never comes; all the rest does.") \
    X(HELLO_ON_DEMAND, "hello-on-demand", "gateway", "S2", "hello waits for the client's first frame.") \
    X(HELLO_AFTER_HEARTBEAT, "hello-second", "gateway", "S2", "A heartbeat goes ahead of hello.") \
    X(HELLO_NOT_BEHIND_FRAME, "hello-lost-with-early-frame", "gateway", "S2 RFC6455-5.5.2-P9", "A client whose first frame rides with the request is dropped without hello.") \
    X(HELLO_TWICE, "hello-twice", "gateway", "S3", "A second hello follows after I.") \
    X(INTERVAL_STRING, "interval-string", "gateway", "S4", "heartbeatInterval is a string.") \
    X(INTERVAL_NULL, "interval-null", "gateway", "S4", "heartbeatInterval is null.") \
    X(INTERVAL_ZERO, "interval-zero", "gateway", "S4", "heartbeatInterval is 0.") \
    X(INTERVAL_NEGATIVE, "interval-negative", "gateway", "S4", "heartbeatInterval is below zero.") \
    X(INTERVAL_MISSING, "interval-missing", "gateway", "S4", "hello has no heartbeatInterval.") \
    X(INTERVAL_FRACTIONAL, "interval-fractional", "gateway", "S4", "heartbeatInterval has a fraction.") \
    X(INTERVAL_HUGE, "interval-huge", "gateway", "S4", "heartbeatInterval is 1e300.") \
    X(HEARTBEAT_NEVER, "heartbeat-never", "gateway", "S5", "The server sends no heartbeats of its own accord.") \
    X(HEARTBEAT_LATE, "heartbeat-late", "gateway", "S5", "The server's heartbeats come every 1.5 I.") \
    X(HEARTBEAT_STORM, "heartbeat-storm", "gateway", "S5", "The server's heartbeats come every I / 20.") \
    X(HEARTBEAT_ONCE, "heartbeat-once", "gateway", "S5", "The server's heartbeats stop after the first.") \
    X(HEARTBEAT_SKIPS, "heartbeat-skips", "gateway", "S5", "The server leaves out its third heartbeat.") \
    X(TIMEOUT_NEVER, "timeout-never", "gateway", "S6", "A silent client is never dropped.") \
    X(TIMEOUT_EARLY, "timeout-early", "gateway", "S6 S7", "A silent client is dropped after 0.6 I.") \
    X(TIMEOUT_SLOW, "timeout-slow", "gateway", "S6", "A silent client is dropped after 1.6 I.") \
    X(TIMEOUT_LATE, "timeout-late", "gateway", "S6", "A silent client is dropped after 3 I.") \
    X(TIMEOUT_ONLY_FIRST, "timeout-only-first", "gateway", "S6", "A client that has sent one heartbeat is never dropped.") \
    X(COUNTS_PINGS, "counts-pings", "gateway", "S6", "A Ping counts as a heartbeat.") \
    X(COUNTS_ASKS, "counts-asks", "gateway", "S6", "A heartbeat_ack of the client counts as a heartbeat.") \
    X(COUNTS_UNKNOWN, "counts-unknown", "gateway", "S6", "An event of unknown id is ignored but counts as a heartbeat.") \
    X(COUNTS_STRING_ID, "counts-string-id", "gateway", "S6", "A heartbeat whose id is the string \"1\" counts.") \
    X(COUNTS_ANYTHING, "counts-anything", "gateway", "S6 S19", "A message that is no event, text or binary, counts as a heartbeat and is not refused.") \
    X(COUNTS_FIRST_ONLY, "counts-first-only", "gateway", "S7", "Only the client's first heartbeat counts.") \
    X(EARLY_HEARTBEAT_CLOSES, "early-heartbeat-closes", "gateway", "S7", "A heartbeat within 0.25 I of hello is answered with a close.") \
    X(BURST_CLOSES, "burst-closes", "gateway", "S7", "Five heartbeats within 100 ms are answered with a close.") \
    X(HEARTBEAT_WITH_DATA, "heartbeat-with-data", "gateway", "S8", "The server's heartbeats carry a counter.") \
    X(HEARTBEAT_NULL_DATA, "heartbeat-null-data", "gateway", "S8", "The server's heartbeats carry null.") \
    X(ASK_WITH_DATA, "ask-with-data", "gateway", "S8", "The server asks after half an interval too, and its heartbeat_ack carries a nonce.") \
    X(ASK_IGNORED, "ask-ignored", "gateway", "S11", "A client's heartbeat_ack is not answered.") \
    X(UNANSWERED_ASK_DROPS, "unanswered-ask-drops", "gateway", "S10", "A client whose heartbeat does not follow a heartbeat_ack within I / 4 is dropped.") \
    X(ASK_SLOW, "ask-slow", "gateway", "S11", "A client's heartbeat_ack is answered after 500 ms.") \
    X(ASK_LATE, "ask-late", "gateway", "S11", "A client's heartbeat_ack is answered after 2 s.") \
    X(ASK_ECHOED, "ask-echoed", "gateway", "S11", "A client's heartbeat_ack is answered with a heartbeat_ack.")

#define GW_FAULT_EVENTS(X) \
    X(MESSAGE_NO_TIME, "message-without-time", "gateway", "S12", "message_create lacks sentAt.") \
    X(MESSAGE_TIME_STRING, "message-time-string", "gateway", "S12", "sentAt is a string.") \
    X(MESSAGE_AUTHOR_NUMBER, "message-author-number", "gateway", "S12", "authorId is a number.") \
    X(MESSAGE_EXTRA_FIELD, "message-extra-field", "gateway", "S12", "message_create has a field that the document does not know.") \
    X(MESSAGE_UNICODE_CUT, "message-unicode-cut", "gateway", "S12", "content ends before its first letter beyond ASCII.") \
    X(MESSAGE_ESCAPED_TWICE, "message-escaped-twice", "gateway", "S12", "content is escaped once more than JSON asks for.") \
    X(MESSAGE_LONG_CUT, "message-long-cut", "gateway", "S12", "content is cut after 1000 bytes.") \
    X(MESSAGE_EMPTY_LOST, "message-empty-lost", "gateway", "S12", "A message with empty content is not sent.") \
    X(UPDATE_NULL_FIELDS, "update-null-fields", "gateway", "S13", "room_update names the fields that did not change, with null.") \
    X(UPDATE_NUMBER_STRING, "update-number-string", "gateway", "S13", "maxParticipants is a string.") \
    X(KICK_WRONG_USER, "kick-wrong-user", "gateway", "S14", "participant_kick names somebody else.") \
    X(KICK_LEAVES_OPEN, "kick-leaves-open", "gateway", "S14", "A kicked participant's connections stay open.") \
    X(KICK_NOT_TOLD, "kick-not-told", "gateway", "S14", "The kicked client is dropped without participant_kick.") \
    X(CHANGE_BOOLEAN_NUMBER, "change-boolean-number", "gateway", "S15", "participant_change sends its booleans as 0 and 1.") \
    X(CHANGE_NO_USER, "change-without-user", "gateway", "S15", "participant_change lacks userId.") \
    X(ROOM_CLOSE_DATA, "room-close-data", "gateway", "S16", "room_close carries a reason.") \
    X(ROOM_CLOSE_SILENT, "room-close-silent", "gateway", "S16 S17", "A closed room drops its clients without room_close.") \
    X(EVENT_TO_ONE, "event-to-one", "gateway", "S17", "An event reaches the first client of the room alone.") \
    X(EVENT_TO_ALL_ROOMS, "event-to-all-rooms", "gateway", "S17", "An event reaches the clients of every room.") \
    X(EVENT_TWICE, "event-twice", "gateway", "S17", "Every event is sent twice.") \
    X(EVENT_ONCE_A_PARTICIPANT, "event-once-a-participant", "gateway", "S17", "A second connection of one participant gets no events.") \
    X(RELAYS_CLIENT_EVENTS, "relays-client-events", "gateway", "S18", "An event that only the server may send is relayed to the room when a client sends it.") \
    X(EVENTS_REORDERED, "events-reordered", "gateway", "S20", "Every second client gets two events that follow within 100 ms in the reverse order.") \
    X(TEXT_IN_TEXT, "envelope-in-string", "gateway", "S22", "room_update is sent as a JSON string that holds the envelope.") \
    X(ENVELOPE_TWICE, "envelope-twice", "gateway", "S13", "room_update is wrapped in a second envelope.") \
    X(ID_STRING, "event-id-string", "gateway", "S22", "room_update is sent with its id as a string.") \
    X(ID_WRONG, "event-id-wrong", "gateway", "S22", "room_update is sent with the id 40.") \
    X(TRAILING_COMMA, "event-trailing-comma", "gateway", "S22", "room_update is sent with a comma too many.") \
    X(EVENT_BINARY, "event-binary", "gateway", "S22", "room_update is sent in a binary message.")

#define GW_FAULT_SURVIVAL(X) \
    X(DIES_ON_BAD_JSON, "dies-on-bad-json", "gateway", "S21", "Text that is not JSON takes the server down.") \
    X(DIES_ON_DEEP_JSON, "dies-on-deep-json", "gateway", "S21", "JSON nested deeper than 500 takes the server down.") \
    X(BINARY_IGNORED, "binary-ignored", "gateway", "S19", "Binary messages are ignored, though the description says that they end the connection.") \
    X(DIES_ON_BINARY, "dies-on-binary", "gateway", "S21", "A binary message takes the server down.") \
    X(DIES_ON_NULL, "dies-on-null", "gateway", "S21", "A message that is not an object takes the server down.") \
    X(DIES_ON_NO_ID, "dies-on-missing-id", "gateway", "S21", "An object without an id takes the server down.") \
    X(DIES_ON_BIG_ID, "dies-on-big-id", "gateway", "S21", "An id outside 0 to 65535 takes the server down.") \
    X(DIES_ON_ODD_ID, "dies-on-odd-id", "gateway", "S21", "An id that is not a whole number takes the server down.") \
    X(DIES_ON_UNKNOWN_ID, "dies-on-unknown-event", "gateway", "S21", "The id of an event that there is not takes the server down.") \
    X(DIES_ON_ODD_DATA, "dies-on-odd-data", "gateway", "S21", "Data of a client's event that is not an empty object takes the server down.") \
    X(DIES_ON_MEMBERS, "dies-on-extra-members", "gateway", "S21", "A message with a member beside e and d takes the server down.") \
    X(DIES_ON_WHITE_SPACE, "dies-on-white-space", "gateway", "S21", "White space between the tokens of a message takes the server down.") \
    X(DIES_ON_ESCAPES, "dies-on-escapes", "gateway", "S21", "A backslash or a DEL character in a good message takes the server down.") \
    X(DIES_ON_BIG_MESSAGE, "dies-on-big-message", "gateway", "S21", "A message of more than 200,000 bytes takes the server down.") \
    X(DIES_ON_MANY_MESSAGES, "dies-on-many-messages", "gateway", "S21", "The thousandth message on a connection takes the server down.") \
    X(DIES_ON_RESERVED, "dies-on-reserved-opcode", "frame", "S21", "A reserved opcode takes the server down.") \
    X(HANGS_ON_BAD_JSON, "hangs-on-bad-json", "gateway", "S21", "Text that is not JSON makes the server hang.") \
    X(BAD_JSON_TO_ROOM, "bad-json-disturbs-room", "gateway", "S19", "Text that is not JSON drops the other clients of the room as well.") \
    X(BAD_FRAME_STOPS_ACCEPT, "bad-frame-stops-accept", "frame", "S21", "After a bad frame nobody new is served.") \
    X(LEAKS_CONNECTIONS, "leaks-connections", "gateway", "S21", "Connections that end without a Close are never given back: after 8 of them nobody new is served.")
/* clang-format on */

#endif
