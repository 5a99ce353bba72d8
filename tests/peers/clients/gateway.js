'use strict';
// A client of the gateway document on any socket of the browsers' WebSocket interface: `ws`, Node's own and a page's share it.
// It connects to the URL that it is given, waits for hello, heartbeats, answers asks, leaves a server that is silent, and survives
// whatever else comes. A connection that ended is made again with a bounded backoff; when nothing lets it in, it has nothing left to do.

const HELLO = 0, HEARTBEAT = 1, HEARTBEAT_ACK = 2, LAST_ID = 7;
const GOING_AWAY = 4000; // a page may only close with 1000 or 3000 to 4999
const MIN_INTERVAL_MS = 200, MAX_INTERVAL_MS = 2 ** 31 - 1; // setTimeout takes no longer time, and fires at once instead
const BEATS_PER_INTERVAL = 2; // early, so that a busy machine makes no heartbeat late
const FIRST_BACKOFF_MS = 200, MAX_BACKOFF_MS = 2000, MAX_ATTEMPTS = 5;

// Each breaks the requirements behind it, and no others.
const MISBEHAVIOURS = {
    'no-heartbeat': ['C3'],
    'late-heartbeat': ['C3'],
    'first-heartbeat-only': ['C3'],
    'keeps-old-interval': ['C3'],
    'heartbeat-storm': ['C9'],
    'answers-no-ask': ['C4'],
    'answers-first-ask-only': ['C4'],
    'slow-ask': ['C4'],
    'never-leaves': ['C5'],
    'counts-events': ['C5'],
    'leaves-too-early': ['C5', 'C6'],
    'speaks-before-hello': ['C2'],
    'gives-up-without-hello': ['C2'],
    'dies-on-second-hello': ['C9'],
    'dies-on-bad-json': ['C9'],
    'dies-on-unknown-event': ['C9'],
    'dies-on-wrong-types': ['C9'],
    'leaves-on-optional-fields': ['C8'],
    'leaves-on-unicode': ['C8'],
    'sends-forbidden-ids': ['C7'],
    'extra-data': ['C7'],
    'wrong-envelope': ['C7'],
    'echoes-events': ['C7'],
};

// The intervals that a client can work with, in milliseconds; null for what is none.
function usableInterval(value) {
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) return null;
    return Math.min(Math.max(value, MIN_INTERVAL_MS), MAX_INTERVAL_MS);
}

class GatewayClient {
    // open(url) gives a WebSocket; done() is called when the client gives up.
    constructor(open, url, misbehave, done) {
        Object.assign(this, { open, url, misbehave, done, attempts: 0, oldInterval: null });
        this.connect();
    }

    is(name) {
        return this.misbehave === name;
    }

    connect() {
        this.attempts += 1;
        Object.assign(this, { interval: null, hellos: 0, beats: 0, asks: 0 });
        const socket = (this.socket = this.open(this.url));
        socket.onopen = () => {
            if (this.is('speaks-before-hello')) this.send(HEARTBEAT);
            if (this.is('gives-up-without-hello')) this.patience = setTimeout(() => this.hellos || this.leave(), 500);
        };
        socket.onmessage = (event) => this.receive(event.data);
        socket.onclose = socket.onerror = () => this.again(socket); // Node 20 tells of a refused connection by an error alone
    }

    again(socket) {
        if (socket !== this.socket) return;
        this.socket = null;
        clearInterval(this.beat);
        clearTimeout(this.watch);
        clearTimeout(this.patience);
        if (this.attempts >= MAX_ATTEMPTS) this.done();
        else setTimeout(() => this.connect(), Math.min(FIRST_BACKOFF_MS * 2 ** (this.attempts - 1), MAX_BACKOFF_MS));
    }

    leave() {
        clearInterval(this.beat);
        this.socket?.close(GOING_AWAY);
    }

    say(message) {
        if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(message));
    }

    send(id) {
        this.say({ e: id, d: this.is('extra-data') ? { at: 1 } : {} });
    }

    receive(text) {
        if (typeof text !== 'string') return;
        let message;
        try {
            message = JSON.parse(text);
        } catch (error) {
            if (this.is('dies-on-bad-json')) throw error;
            return;
        }
        if (this.is('dies-on-wrong-types')) message.e.toFixed(), Object.keys(message.d);
        if (message === null || typeof message !== 'object') return;
        if (this.is('dies-on-unknown-event') && message.e > LAST_ID) throw new Error(`unknown event ${message.e}`);
        if (this.is('counts-events') || message.e === HEARTBEAT) this.heard();
        if (message.e === HELLO) this.hello(message.d);
        else if (message.e === HEARTBEAT_ACK) this.asked();
        else if (message.e > HEARTBEAT_ACK) this.event(message, text);
    }

    hello(data) {
        this.hellos += 1;
        if (this.hellos > 1 && this.is('dies-on-second-hello')) throw new Error('hello twice');
        let interval = usableInterval(data?.heartbeatInterval);
        if (this.is('heartbeat-storm')) interval = data?.heartbeatInterval;
        if (this.is('keeps-old-interval')) interval = this.oldInterval ??= interval;
        if (interval === null) return;
        this.attempts = 0;
        this.interval = interval;
        if (this.is('sends-forbidden-ids')) this.say({ e: 5, d: { userId: 'you' } });
        if (this.is('wrong-envelope')) this.say({ op: HEARTBEAT, data: {} });
        this.heard();
        clearInterval(this.beat);
        if (this.is('no-heartbeat')) return;
        const every = this.is('late-heartbeat') ? interval * 1.6 : interval / BEATS_PER_INTERVAL;
        this.beat = setInterval(() => {
            if (this.is('first-heartbeat-only') && this.beats > 0) return;
            this.beats += 1;
            this.send(HEARTBEAT);
        }, every);
    }

    // A server that stays silent for I is left; a fifth of the tolerance, max(50 ms, 5 % of I), is for lateness of the server.
    heard() {
        if (this.interval === null) return;
        clearTimeout(this.watch);
        if (this.is('never-leaves')) return;
        const patience = this.is('leaves-too-early') ? this.interval * 0.6 : this.interval + Math.max(10, this.interval * 0.01);
        this.watch = setTimeout(() => this.leave(), Math.min(patience, MAX_INTERVAL_MS));
    }

    asked() {
        this.asks += 1;
        if (this.is('answers-no-ask') || (this.is('answers-first-ask-only') && this.asks > 1)) return;
        if (this.is('slow-ask')) setTimeout(() => this.send(HEARTBEAT), 600);
        else this.send(HEARTBEAT);
    }

    event(message, text) {
        if (this.is('echoes-events')) this.say(message);
        if (this.is('leaves-on-optional-fields') && message.e === 4 && message.d?.chatLocked === undefined) this.leave();
        if (this.is('leaves-on-unicode') && /[^\x00-\x7f]/.test(text)) this.leave();
    }
}

if (typeof module !== 'undefined') module.exports = { GatewayClient, MISBEHAVIOURS };
