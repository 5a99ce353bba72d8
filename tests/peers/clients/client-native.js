#!/usr/bin/env node
'use strict';
// The client on Node's own WebSocket (undici): from Node 22 on, in Node 20 with `node --experimental-websocket`.

const { main } = require('./node');

if (typeof WebSocket === 'undefined') {
    process.stderr.write('this Node has no WebSocket: use Node 22 or newer, or node --experimental-websocket\n');
    process.exit(77);
}
main((url) => new WebSocket(url));
