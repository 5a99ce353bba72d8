#!/usr/bin/env node
'use strict';
// graphql-ws from npm, as it is, on the npm package ws. --misbehave bends it.

const http = require('node:http');
const { parseArgs } = require('node:util');
const { WebSocketServer } = require('ws');
const { buildSchema } = require('graphql');
const { useServer } = require('graphql-ws/use/ws');

const MISBEHAVIOURS = { 'no-pong': 'S11', 'never-takes': 'S2', 'ack-twice': 'S3' };
const { values } = parseArgs({
    options: { port: { type: 'string', default: '0' }, misbehave: { type: 'string' }, 'list-misbehaviours': { type: 'boolean' } },
});
if (values['list-misbehaviours']) {
    for (const [name, rule] of Object.entries(MISBEHAVIOURS)) console.log(`${name} ${rule}`);
    process.exit(0);
}
const server = http.createServer((_, response) => response.writeHead(404).end());
const sockets = new WebSocketServer({ server, path: '/graphql', maxPayload: 1024 * 1024 });
useServer({ schema: buildSchema('type Query { hello: String }'), roots: { query: { hello: () => 'hi' } }, connectionInitWaitTimeout: 3000 }, sockets);

sockets.on('connection', (socket) => {
    const send = socket.send.bind(socket);
    socket.send = (text, ...more) => {
        const done = more.find((arg) => typeof arg === 'function') ?? (() => {});
        const type = JSON.parse(text).type;
        if (values.misbehave === 'no-pong' && type === 'pong') return done();
        if (values.misbehave === 'never-takes' && type === 'connection_ack') return done();
        if (values.misbehave === 'ack-twice' && type === 'connection_ack') send(text);
        send(text, ...more);
    };
});
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(0));
server.listen(Number(values.port), '127.0.0.1', () => console.log(`ready ws=ws://127.0.0.1:${server.address().port}`));
