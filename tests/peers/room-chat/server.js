#!/usr/bin/env node
'use strict';
// A chat gateway as somebody else would have written it: rooms are made over HTTP, a member joins and gets a session cookie,
// the socket wants that cookie, what happens is caused over HTTP with names of its own, and events are numbered otherwise
// (protocol.yaml). On node http and the npm package ws. --misbehave dies-on-bad-json: an uncaught exception ends it.

const http = require('node:http');
const { randomUUID } = require('node:crypto');
const { parseArgs } = require('node:util');
const { WebSocketServer, WebSocket } = require('../node-ws/node_modules/ws');

const HOST = '127.0.0.1';
const SOCKET_PATH = '/chat/socket';
const HELLO = 100, BEAT = 101, ASK = 102, MESSAGE = 110, SETTINGS = 120, KICKED = 130, MEMBER = 131, CLOSED = 199;
const KNOWN = new Set([HELLO, BEAT, ASK, MESSAGE, SETTINGS, KICKED, MEMBER, CLOSED]);

const { values: options } = parseArgs({
    options: { port: { type: 'string', default: '0' }, interval: { type: 'string', default: '1000' }, misbehave: { type: 'string' } },
});
const intervalMs = Number(options.interval);
let made = 0;
const rooms = new Map(); // key -> { key, members: Map(key -> { key, session, sockets }) }

function say(socket, op, body) {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ op, body }));
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

// The op of a message that a member may send, or the code to close with.
function judge(text) {
    let message;
    try {
        message = JSON.parse(text);
    } catch (error) {
        if (options.misbehave === 'dies-on-bad-json') throw error;
        return { close: 4002 };
    }
    if (!isObject(message) || !Number.isInteger(message.op)) return { close: 4002 };
    if (!KNOWN.has(message.op)) return { close: 4001 };
    if (message.op !== BEAT && message.op !== ASK) return { close: 4003 };
    if (message.body !== undefined && message.body !== null && !isObject(message.body)) return { close: 4002 };
    return { op: message.op };
}

function join(socket, member) {
    member.sockets.add(socket);
    const leave = (code) => {
        clearInterval(beat);
        clearTimeout(deadline);
        socket.close(code);
    };
    const beat = setInterval(() => say(socket, BEAT, {}), intervalMs);
    const deadline = setTimeout(() => leave(4000), intervalMs + Math.max(25, intervalMs * 0.025));
    socket.on('error', () => {});
    socket.on('close', () => {
        clearInterval(beat);
        clearTimeout(deadline);
        member.sockets.delete(socket);
    });
    socket.on('message', (bytes, isBinary) => {
        if (socket.readyState !== WebSocket.OPEN) return;
        const { op, close } = isBinary ? { close: 1003 } : judge(bytes.toString('utf8'));
        if (close) leave(close);
        else if (op === BEAT) deadline.refresh();
        else say(socket, BEAT, {});
    });
    say(socket, HELLO, { heartbeatInterval: intervalMs });
}

function publish(room, op, body) {
    for (const member of room.members.values()) for (const socket of member.sockets) say(socket, op, body);
}

function sessionOf(request) {
    const found = /(?:^|;\s*)session=([^;]+)/.exec(request.headers.cookie ?? '');
    return found ? found[1] : null;
}

function memberOf(room, request) {
    const session = sessionOf(request);
    return session ? [...room.members.values()].find((member) => member.session === session) : undefined;
}

// ---- What may be asked for over HTTP; each returns [status, answer, headers]. ----

const routes = {
    'POST rooms': () => {
        const room = { key: `room-${++made}`, members: new Map() };
        rooms.set(room.key, room);
        return [201, { room: { key: room.key } }];
    },
    'POST members': (room, _, { nick }) => {
        const member = { key: `m${room.members.size + 1}-${nick}`, session: randomUUID(), sockets: new Set() };
        room.members.set(member.key, member);
        return [201, { member: { key: member.key } }, { 'Set-Cookie': `session=${member.session}; Path=/; HttpOnly` }];
    },
    'POST messages': (room, member, { text }) => {
        if (!member) return [403, { error: 'only members write' }];
        const message = { authorId: member.key, content: text, sentAt: Date.now() };
        publish(room, MESSAGE, message);
        return [200, { message }];
    },
    'PUT settings': (room, _, settings) => [200, { settings: (publish(room, SETTINGS, settings), settings) }],
    'PUT member': (room, _, change) => [200, { change: (publish(room, MEMBER, change), change) }],
    'POST kicks': (room, _, { who }) => {
        publish(room, KICKED, { userId: who });
        for (const socket of room.members.get(who)?.sockets ?? []) socket.close(1000);
        return [200, { kicked: { userId: who } }];
    },
    'POST asks': (room) => [200, { asked: (publish(room, ASK, {}), {}) }],
    'DELETE room': (room) => {
        publish(room, CLOSED, {});
        rooms.delete(room.key);
        for (const member of room.members.values()) for (const socket of member.sockets) socket.close(1000);
        return [200, { closed: {} }];
    },
};

function route(request, body) {
    const [, api, list, key, what] = request.url.split('/');
    if (api !== 'api' || list !== 'rooms') return [404, { error: 'no such path' }];
    if (!key) return routes['POST rooms']();
    const room = rooms.get(key);
    const handler = routes[`${request.method} ${what ?? 'room'}`];
    return room && handler ? handler(room, memberOf(room, request), body) : [404, { error: 'no such room' }];
}

const server = http.createServer((request, response) => {
    let text = '';
    request.on('data', (part) => { text += part; });
    request.on('end', () => {
        const [status, answer, headers = {}] = route(request, text ? JSON.parse(text) : {});
        response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
        response.end(JSON.stringify(answer));
    });
});
const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024, perMessageDeflate: false });
server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const url = new URL(request.url, 'http://x');
    const room = rooms.get(url.searchParams.get('room'));
    const member = room && memberOf(room, request);
    if (url.pathname !== SOCKET_PATH || !member) {
        const status = url.pathname !== SOCKET_PATH ? 404 : 401;
        socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
        return;
    }
    sockets.handleUpgrade(request, socket, head, (upgraded) => join(upgraded, member));
});

for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(0));
server.listen(Number(options.port), HOST, () => console.log(`chat is up on port ${server.address().port}`));
