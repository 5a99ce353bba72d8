'use strict';
// The control API over plain HTTP: rooms, participants, events. Knows nothing of WebSockets.

const http = require('node:http');
const { EVENTS, findFault, typeName } = require('./rooms');

const MAX_BODY_BYTES = 1024 * 1024;

class Refusal extends Error {
    constructor(status, message, headers = {}) {
        super(message);
        this.status = status;
        this.headers = headers;
    }
}

function answer(response, status, body, headers = {}) {
    const text = body === undefined ? '' : JSON.stringify(body);
    response.writeHead(status, {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
        ...headers,
    });
    response.end(text);
}

async function readBody(request) {
    const chunks = [];
    let bytes = 0;
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
        bytes += chunk.length;
        if (bytes > MAX_BODY_BYTES) {
            throw new Refusal(413, `body: larger than ${MAX_BODY_BYTES} bytes`, { Connection: 'close' });
        }
        chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString('utf8');
    if (text.trim() === '') return {};
    try {
        return JSON.parse(text);
    } catch (error) {
        throw new Refusal(400, `body: ${error.message}`);
    }
}

function checkNamed(body) {
    const fault = findFault('body', body, { name: 'string?' });
    if (fault) throw new Refusal(422, fault);
}

function readEvent(body) {
    if (typeName(body) !== 'object') throw new Refusal(422, `body: expected object, got ${typeName(body)}`);
    for (const key of Object.keys(body)) {
        if (key !== 'event' && key !== 'data') throw new Refusal(422, `body.${key}: unknown field`);
    }
    const { event, data = {} } = body;
    if (typeof event !== 'string') throw new Refusal(422, `event: expected string, got ${typeName(event)}`);
    if (!Object.hasOwn(EVENTS, event)) throw new Refusal(422, `event: '${event}' is not an event that can be sent`);
    const fault = findFault('data', data, EVENTS[event].fields);
    if (fault) throw new Refusal(422, fault);
    return { event, data: event === 'message_create' ? { sentAt: Date.now(), ...data } : data };
}

// Every path with its methods; a handler returns [status, body].
function routes(rooms) {
    const known = (id) => {
        const room = rooms.find(id);
        if (!room) throw new Refusal(404, `room '${id}' is unknown`);
        return room;
    };
    return [
        { path: /^\/health$/, GET: () => [200, { status: 'ok' }] },
        {
            path: /^\/rooms$/,
            GET: () => [200, { rooms: rooms.list() }],
            POST: (_, body) => {
                checkNamed(body);
                return [201, { id: rooms.create().id }];
            },
        },
        {
            path: /^\/rooms\/([^/]+)$/,
            DELETE: (id) => {
                rooms.remove(known(id));
                return [204];
            },
        },
        {
            path: /^\/rooms\/([^/]+)\/participants$/,
            POST: (id, body) => {
                const room = known(id);
                checkNamed(body);
                return [201, { id: rooms.addParticipant(room).id }];
            },
        },
        {
            path: /^\/rooms\/([^/]+)\/events$/,
            POST: (id, body) => {
                const room = known(id);
                const { event, data } = readEvent(body);
                return [200, { event, data, delivered: rooms.publish(room, event, data) }];
            },
        },
    ];
}

async function handle(table, request, response) {
    try {
        const path = request.url.split('?', 1)[0];
        const route = table.find((candidate) => candidate.path.test(path));
        if (!route) throw new Refusal(404, `no such path: ${path}`);
        const handler = Object.hasOwn(route, request.method) && request.method !== 'path' ? route[request.method] : null;
        if (!handler) {
            const allowed = Object.keys(route).filter((key) => key !== 'path').join(', ');
            throw new Refusal(405, `${request.method} is not allowed here; allowed: ${allowed}`, { Allow: allowed });
        }
        const body = request.method === 'POST' ? await readBody(request) : undefined;
        answer(response, ...handler(path.match(route.path)[1], body));
    } catch (error) {
        // A caller that hung up has nobody to answer to; anything else unforeseen must not hide.
        if (request.destroyed && !request.complete && !(error instanceof Refusal)) return;
        if (!(error instanceof Refusal)) throw error;
        answer(response, error.status, { error: error.message }, error.headers);
    }
}

function createControl(rooms) {
    const table = routes(rooms);
    return http.createServer((request, response) => handle(table, request, response));
}

module.exports = { createControl };
