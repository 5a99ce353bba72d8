#!/usr/bin/env node
'use strict';
// engine.io from npm, as it is, over WebSocket alone. --misbehave bends its messages on their way out.

const http = require('node:http');
const { parseArgs } = require('node:util');
const { Server } = require('engine.io');

const MISBEHAVIOURS = { 'string-interval': 'S4', 'never-pings': 'S5', 'never-times-out': 'S6' };
const { values } = parseArgs({
    options: { port: { type: 'string', default: '0' }, interval: { type: 'string', default: '1000' }, misbehave: { type: 'string' }, 'list-misbehaviours': { type: 'boolean' } },
});
if (values['list-misbehaviours']) {
    for (const [name, rule] of Object.entries(MISBEHAVIOURS)) console.log(`${name} ${rule}`);
    process.exit(0);
}
const interval = Number(values.interval);
const server = http.createServer((_, response) => response.writeHead(404).end());
const engine = new Server({ transports: ['websocket'], pingInterval: interval, pingTimeout: interval / 2, maxHttpBufferSize: 1e6, allowUpgrades: false });
engine.attach(server, { path: '/engine.io/' });

engine.on('connection', (socket) => {
    socket.on('error', () => {});
    if (values.misbehave === 'never-pings') clearTimeout(socket.pingIntervalTimer._id ?? socket.pingIntervalTimer);
    if (values.misbehave === 'never-times-out') socket.resetPingTimeout = () => socket.pingIntervalTimer.refresh(); // and goes on pinging
});
if (values.misbehave === 'string-interval') {
    engine.opts.pingInterval = interval;
    const stringify = JSON.stringify;
    JSON.stringify = (value, ...more) =>
        stringify(value && value.pingInterval ? { ...value, pingInterval: String(value.pingInterval) } : value, ...more);
}
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(0));
server.listen(Number(values.port), '127.0.0.1', () => console.log(`ready ws=ws://127.0.0.1:${server.address().port}`));
