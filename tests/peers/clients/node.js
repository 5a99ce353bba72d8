'use strict';
// The command line of the clients that run on Node.

const { GatewayClient, MISBEHAVIOURS } = require('./gateway');

function fail(message) {
    process.stderr.write(`${message}\n`);
    process.exit(2);
}

// open(url, misbehave) gives a WebSocket; more: the misbehaviours that this stack adds.
function main(open, more = {}) {
    const all = { ...MISBEHAVIOURS, ...more };
    let url = process.env.GWSPEC_URL, misbehave;
    for (let args = process.argv.slice(2); args.length > 0; ) {
        const arg = args.shift();
        if (arg === '--list-misbehaviours') {
            for (const [name, rules] of Object.entries(all)) console.log(name, ...rules);
            return;
        }
        if (arg === '--misbehave') misbehave = args.shift();
        else if (arg.startsWith('-')) fail(`${arg}: unknown option`);
        else url = arg;
    }
    if (misbehave !== undefined && !Object.hasOwn(all, misbehave)) fail(`--misbehave: '${misbehave}' is unknown; --list-misbehaviours names them`);
    if (!url) fail('no URL: give it as an argument or in GWSPEC_URL');
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
    new GatewayClient((to) => open(to, misbehave), url, misbehave, () => process.exit(0));
}

module.exports = { main };
