'use strict';
// Rooms, participants and the connections that joined them, and the table of events that the control API may send.
// Knows no socket and no HTTP: a connection here is anything with isOpen(), send(text) and close(code).

const DEFAULT_ROOM = 'lobby';

// The gateway document's event table: the ids, and for those that the control API may send, each field's type.
// A trailing '?' marks an optional field.
const HELLO = 0;
const HEARTBEAT = 1;
const HEARTBEAT_ACK = 2;
const EVENTS = {
    heartbeat_ack: { id: HEARTBEAT_ACK, fields: {} },
    message_create: { id: 3, fields: { authorId: 'string', content: 'string', sentAt: 'number?' } },
    room_update: {
        id: 4,
        fields: { chatLocked: 'boolean?', roomLocked: 'boolean?', maxParticipants: 'number?', discordWebhookLink: 'string?' },
    },
    participant_kick: { id: 5, fields: { userId: 'string' } },
    participant_change: {
        id: 6,
        fields: { userId: 'string', banned: 'boolean?', color: 'boolean?', admin: 'boolean?' },
    },
    room_close: { id: 7, fields: {} },
};
const LAST_ID = 7;

function envelope(id, data) {
    return JSON.stringify({ e: id, d: data });
}

function typeName(value) {
    if (value === null) return 'null';
    return Array.isArray(value) ? 'array' : typeof value;
}

// The first way in which `value` is not an object of these fields, as place and cause, or null.
function findFault(place, value, fields) {
    if (typeName(value) !== 'object') return `${place}: expected object, got ${typeName(value)}`;
    for (const key of Object.keys(value)) {
        if (!Object.hasOwn(fields, key)) return `${place}.${key}: unknown field`;
        const type = fields[key].replace('?', '');
        if (typeName(value[key]) !== type) return `${place}.${key}: expected ${type}, got ${typeName(value[key])}`;
    }
    for (const [key, type] of Object.entries(fields)) {
        if (!type.endsWith('?') && !Object.hasOwn(value, key)) return `${place}.${key}: missing`;
    }
    return null;
}

class Rooms {
    constructor() {
        this.rooms = new Map();
        this.lastRoom = 0;
        this.lastParticipant = 0;
        this.ensureDefault();
    }

    // The room without a query always exists: closing it empties it.
    ensureDefault() {
        if (!this.rooms.has(DEFAULT_ROOM)) this.rooms.set(DEFAULT_ROOM, { id: DEFAULT_ROOM, participants: new Map() });
    }

    create() {
        const room = { id: `r${++this.lastRoom}`, participants: new Map() };
        this.rooms.set(room.id, room);
        return room;
    }

    find(id) {
        return this.rooms.get(id);
    }

    list() {
        return [...this.rooms.values()].map((room) => ({
            id: room.id,
            participants: room.participants.size,
            connections: this.connections(room).length,
        }));
    }

    addParticipant(room, isTransient = false) {
        const participant = { id: `p${++this.lastParticipant}`, isTransient, connections: new Set() };
        room.participants.set(participant.id, participant);
        return participant;
    }

    // Where a connection with these query values (null: absent) belongs, or null when the room or participant is unknown.
    resolve(roomId, participantId) {
        const room = this.find(roomId ?? DEFAULT_ROOM);
        if (!room) return null;
        if (participantId === null) return { room, participant: this.addParticipant(room, true) };
        const participant = room.participants.get(participantId);
        return participant ? { room, participant } : null;
    }

    leave({ room, participant }, connection) {
        participant.connections.delete(connection);
        // A participant that nobody asked for by name lives only as long as its connection.
        if (participant.isTransient) room.participants.delete(participant.id);
    }

    // Those that can still be reached; the others are in their closing handshake.
    connections(room) {
        return [...room.participants.values()]
            .flatMap((participant) => [...participant.connections])
            .filter((connection) => connection.isOpen());
    }

    remove(room) {
        this.rooms.delete(room.id);
        this.ensureDefault();
        for (const connection of this.connections(room)) connection.close(1000);
    }

    // Sends the event to everyone in the room and does what it announces; returns how many connections got it.
    publish(room, name, data) {
        const text = envelope(EVENTS[name].id, data);
        const receivers = this.connections(room);
        for (const connection of receivers) connection.send(text);
        if (name === 'room_close') this.remove(room);
        if (name === 'participant_kick') {
            const kicked = room.participants.get(data.userId);
            for (const connection of kicked ? kicked.connections : []) connection.close(1000);
        }
        return receivers.length;
    }
}

module.exports = { Rooms, EVENTS, HELLO, HEARTBEAT, HEARTBEAT_ACK, LAST_ID, envelope, findFault, typeName };
