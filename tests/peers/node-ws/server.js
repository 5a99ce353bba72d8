#!/usr/bin/env node
'use strict';
// The gateway on the npm package ws: one foreign stack that the tester is tried against.
// The WebSocket behaviour is the library's own, deviations included; only the payload limit and compression are set.

const http = require('node:http');
const { parseArgs } = require('node:util');
const { WebSocketServer, WebSocket } = require('ws');
const { createControl } = require('./control');
const { Rooms, HELLO, HEARTBEAT, HEARTBEAT_ACK, LAST_ID, envelope, typeName } = require('./rooms');

const HOST = '127.0.0.1';
const PATH = '/gateway';
const MAX_PAYLOAD_BYTES = 1024 * 1024;
const SHUTDOWN_MS = 500;

const CLOSE_NORMAL = 1000;
const CLOSE_GOING_AWAY = 1001;
const CLOSE_BINARY = 1003;
const CLOSE_TIMED_OUT = 4000;
const CLOSE_UNKNOWN_EVENT = 4001;
const CLOSE_UNDECODABLE = 4002;
const CLOSE_FORBIDDEN_EVENT = 4003;

const MISBEHAVIOURS = {
    'silent-heartbeat': 'S5',
    'string-interval': 'S4',
    'dies-on-bad-json': 'S21',
};

// What a message asks for: its event id, or the code to close with.
function judge(text, misbehave) {
    let message;
    try {
        message = JSON.parse(text);
    } catch (error) {
        // Left uncaught on purpose: this is the misbehaviour.
        if (misbehave === 'dies-on-bad-json') throw error;
        return { close: CLOSE_UNDECODABLE };
    }
    if (typeName(message) !== 'object' || !Number.isInteger(message.e)) return { close: CLOSE_UNDECODABLE };
    if (message.e < 0 || message.e > LAST_ID) return { close: CLOSE_UNKNOWN_EVENT };
    if (message.e !== HEARTBEAT && message.e !== HEARTBEAT_ACK) return { close: CLOSE_FORBIDDEN_EVENT };
    if (!['undefined', 'null', 'object'].includes(typeName(message.d))) return { close: CLOSE_UNDECODABLE };
    return { id: message.e };
}

class Connection {
    constructor(socket, seat, rooms, { intervalMs, misbehave }) {
        this.socket = socket;
        this.misbehave = misbehave;
        socket.on('message', (bytes, isBinary) => this.receive(bytes, isBinary));
        // The library reports the peer's protocol errors here after it has sent its own Close: nothing is left to do.
        socket.on('error', () => {});
        socket.on('close', () => {
            clearInterval(this.beat);
            clearTimeout(this.deadline);
            rooms.leave(seat, this);
        });

        this.send(envelope(HELLO, { heartbeatInterval: misbehave === 'string-interval' ? String(intervalMs) : intervalMs }));
        seat.participant.connections.add(this);
        if (misbehave !== 'silent-heartbeat') this.beat = setInterval(() => this.send(envelope(HEARTBEAT, {})), intervalMs);
        const graceMs = Math.max(25, intervalMs * 0.025);
        this.deadline = setTimeout(() => this.close(CLOSE_TIMED_OUT), intervalMs + graceMs);
    }

    isOpen() {
        return this.socket.readyState === WebSocket.OPEN;
    }

    send(text) {
        if (this.isOpen()) this.socket.send(text);
    }

    close(code) {
        clearInterval(this.beat);
        clearTimeout(this.deadline);
        this.socket.close(code);
    }

    receive(bytes, isBinary) {
        // The library still hands over what arrives between our Close and the peer's.
        if (!this.isOpen()) return;
        if (isBinary) {
            this.close(CLOSE_BINARY);
            return;
        }
        const { id, close } = judge(bytes.toString('utf8'), this.misbehave);
        if (close) this.close(close);
        else if (id === HEARTBEAT) this.deadline.refresh();
        else this.send(envelope(HEARTBEAT, {}));
    }
}

function refuseUpgrade(socket, status, message) {
    const body = JSON.stringify({ error: message });
    socket.end(
        `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
            `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
}

function createGateway(rooms, options) {
    const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD_BYTES, perMessageDeflate: options.compression });
    const server = http.createServer((request, response) => {
        const status = request.url.split('?', 1)[0] === PATH ? 426 : 404;
        const headers = status === 426 ? { Connection: 'Upgrade', Upgrade: 'websocket' } : {};
        response.writeHead(status, { ...headers, 'Content-Type': 'application/json' });
        response.end(JSON.stringify({ error: http.STATUS_CODES[status] }));
    });
    server.on('upgrade', (request, socket, head) => {
        const dropQuietly = () => socket.destroy();
        socket.on('error', dropQuietly);
        const [path, query = ''] = request.url.split('?');
        if (path !== PATH) {
            refuseUpgrade(socket, 404, `no such path: ${path}`);
            return;
        }
        const wanted = new URLSearchParams(query);
        const seat = rooms.resolve(wanted.get('room'), wanted.get('participant'));
        if (!seat) {
            refuseUpgrade(socket, 404, 'room or participant is unknown');
            return;
        }
        let isUpgraded = false;
        const forget = () => { if (!isUpgraded) rooms.leave(seat, null); };
        socket.once('close', forget);
        sockets.handleUpgrade(request, socket, head, (upgraded) => {
            isUpgraded = true;
            socket.removeListener('error', dropQuietly);
            new Connection(upgraded, seat, rooms, options);
        });
    });
    return { server, sockets };
}

function fail(message) {
    process.stderr.write(`server.js: ${message}\n`);
    process.exit(2);
}

function wholeNumber(name, text, least, most) {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) fail(`--${name}: expected ${least} to ${most}, got '${text}'`);
    return value;
}

function readOptions() {
    let values;
    try {
        ({ values } = parseArgs({
            options: {
                port: { type: 'string', default: '0' },
                'control-port': { type: 'string', default: '0' },
                interval: { type: 'string', default: '1000' },
                compression: { type: 'boolean', default: false },
                misbehave: { type: 'string' },
                'list-misbehaviours': { type: 'boolean' },
            },
        }));
    } catch (error) {
        fail(error.message);
    }
    if (values.misbehave !== undefined && !Object.hasOwn(MISBEHAVIOURS, values.misbehave)) {
        fail(`--misbehave: '${values.misbehave}' is unknown; --list-misbehaviours names them`);
    }
    return {
        port: wholeNumber('port', values.port, 0, 65535),
        controlPort: wholeNumber('control-port', values['control-port'], 0, 65535),
        intervalMs: wholeNumber('interval', values.interval, 1, 3600000),
        compression: values.compression,
        misbehave: values.misbehave,
        isListing: values['list-misbehaviours'],
    };
}

function listen(server, port) {
    return new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, HOST, () => resolve(server.address().port));
    });
}

async function main() {
    const options = readOptions();
    if (options.isListing) {
        for (const [name, requirement] of Object.entries(MISBEHAVIOURS)) console.log(`${name} ${requirement}`);
        return;
    }
    const rooms = new Rooms();
    const { server, sockets } = createGateway(rooms, options);
    const control = createControl(rooms);
    const stop = () => {
        server.close();
        control.close();
        control.closeAllConnections();
        for (const socket of sockets.clients) socket.close(CLOSE_GOING_AWAY);
        // A client that does not answer the Close must not hold the process.
        setTimeout(() => {
            for (const socket of sockets.clients) socket.terminate();
            server.closeAllConnections();
        }, SHUTDOWN_MS).unref();
    };
    for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop);
    const port = await listen(server, options.port);
    const controlPort = await listen(control, options.controlPort);
    console.log(`ready ws=ws://${HOST}:${port}${PATH} control=http://${HOST}:${controlPort}`);
}

main().catch((error) => fail(error.message));
