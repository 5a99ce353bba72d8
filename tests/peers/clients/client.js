#!/usr/bin/env node
'use strict';
// The client on the npm package ws.

const { createRequire } = require('node:module');
const { WebSocket } = createRequire(`${__dirname}/../node-ws/package.json`)('ws');
const { main } = require('./node');

function open(url, misbehave) {
    const target = misbehave === 'connects-elsewhere' ? `${url}/elsewhere` : url;
    return new WebSocket(target, { perMessageDeflate: false, autoPong: misbehave !== 'no-answer-ping' });
}

main(open, { 'no-answer-ping': ['RFC6455-5.5.2-X22'], 'connects-elsewhere': ['C1'] });
