#!/usr/bin/env node
// The Receiver of the npm package `ws` behind the pipe of gwspec-fuzz-pipe (docs/bring-your-own-parser.md).
//
//   node parser.js [FOLDER OF THE PACKAGE]
'use strict';

const fs = require('fs');
const path = require('path');

const folder = process.argv[2] || path.join(__dirname, '../../../../tests/peers/node-ws/node_modules/ws');
const Receiver = require(path.join(folder, 'lib/receiver.js'));
const { kStatusCode } = require(path.join(folder, 'lib/constants.js'));

const REPORTS_MESSAGES = 1 << 1;
const [MESSAGE, PING, PONG, CLOSE, ERROR] = [2, 3, 4, 5, 9];
const CLASSES = { 1002: 1, 1007: 2, 1009: 3 };

let receiver = null;
let events = [];

function tell(kind, { opcode = 0, code = 0, errorClass = 0, bytes = Buffer.alloc(0) } = {}) {
  const head = Buffer.alloc(19);
  head[0] = kind;
  head[1] = 4; // has bytes
  head[3] = opcode;
  head.writeUInt16BE(code, 4);
  head[6] = errorClass;
  head.writeUInt32BE(bytes.length, 15);
  events.push(head, Buffer.from(bytes)); // a copy: ws hands out views of what it was fed
}

function create(body) {
  const own = new Receiver({
    isServer: body[0] === 0,
    maxPayload: Number(body.readBigUInt64BE(1)),
    allowSynchronousEvents: true,
    binaryType: 'nodebuffer'
  });
  own.on('message', (data, isBinary) => tell(MESSAGE, { opcode: isBinary ? 2 : 1, bytes: data }));
  own.on('ping', (data) => tell(PING, { bytes: data }));
  own.on('pong', (data) => tell(PONG, { bytes: data }));
  own.on('conclude', (code, reason) => {
    own.over = true;
    tell(CLOSE, { code: code === 1005 ? 0 : code, bytes: reason }); // 1005: ws' word for "no code"
  });
  // A stream reports an error a moment after write(); the callback of write() has it at once.
  own.on('error', () => {});
  receiver = own;
}

function feed(bytes) {
  const own = receiver;
  if (own.over) return; // as WebSocket does, which stops reading the socket
  own.write(Buffer.from(bytes), (error) => {
    if (!error || own.over || own !== receiver) return;
    own.over = true;
    tell(ERROR, { errorClass: CLASSES[error[kStatusCode]] || 0 });
  });
}

function answer(bytes) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  const all = Buffer.concat([length, bytes]);
  for (let sent = 0; sent < all.length; ) sent += fs.writeSync(1, all, sent);
}

function hello() {
  const words = Buffer.alloc(16);
  words.writeUInt32BE(1, 0); // version
  words.writeUInt32BE(REPORTS_MESSAGES, 4);
  words.writeUInt32BE(3, 8); // both roles
  return Buffer.concat([words, Buffer.from('node-ws')]);
}

let pending = Buffer.alloc(0);
let busy = false;

// Events come with write() or in the turn of the loop after it, hence the answer only then.
function next() {
  if (busy || pending.length < 4) return;
  const length = pending.readUInt32BE(0);
  if (pending.length < 4 + length) return;
  const request = pending.subarray(4, 4 + length);
  pending = pending.subarray(4 + length);
  const op = String.fromCharCode(request[0]);
  const body = request.subarray(1);
  if (op === 'H') {
    answer(hello());
    return next();
  }
  events = [];
  if (op === 'C') create(body);
  if (op === 'F') feed(body);
  busy = true;
  setImmediate(() => {
    answer(Buffer.concat(events));
    busy = false;
    next();
  });
}

process.stdin.on('data', (chunk) => {
  pending = pending.length ? Buffer.concat([pending, chunk]) : chunk;
  next();
});
