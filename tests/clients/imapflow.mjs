// A day's work with imapflow: argv is host, port, user, password; the CA is NODE_EXTRA_CA_CERTS. Prints JSON.
import { createRequire } from "node:module";

const { ImapFlow } = createRequire(`${process.env.IMAPFLOW}/`)("imapflow");
const [host, port, user, pass] = process.argv.slice(2);
const options = { host, port: Number(port), secure: true, auth: { user, pass }, logger: false };
const letter = (subject) => `From: a@example.net\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@x>\r\n\r\nhello\r\n`;
const result = {};

const client = new ImapFlow(options);
await client.connect();
result.folders = (await client.list()).map((folder) => [folder.path, folder.specialUse ?? null]);
await client.mailboxCreate("Projekte/Käse");
for (const subject of ["one", "two", "three"]) await client.append("INBOX", letter(subject), ["\\Flagged"]);

const lock = await client.getMailboxLock("INBOX");
result.exists = client.mailbox.exists;
result.subjects = [];
for await (const message of client.fetch("1:*", { envelope: true, flags: true, bodyStructure: true, source: true, uid: true })) {
  result.subjects.push([message.envelope.subject, [...message.flags].filter((flag) => flag !== "\\Recent"), message.source.length, message.bodyStructure.type]);
}
result.found = await client.search({ subject: "two", flagged: true }, { uid: true });
await client.messageFlagsAdd({ uid: "2" }, ["\\Seen", "work"], { uid: true });
result.flags = [...(await client.fetchOne("2", { flags: true }, { uid: true })).flags].sort();
const moved = await client.messageMove("1", "Projekte/Käse", { uid: true });
result.moved = [...moved.uidMap];
await client.messageDelete("3", { uid: true });
result.status = await client.status("Projekte/Käse", { messages: true, unseen: true });

// another connection appends while this one idles
const news = new Promise((resolve) => client.once("exists", resolve));
const idling = client.idle();
const other = new ImapFlow(options);
await other.connect();
await other.append("INBOX", letter("late"));
result.news = (await news).count;
await client.noop();
await idling;
lock.release();
const { content } = await client.download("*", undefined, { uid: false }).catch(() => ({ content: null }));
result.downloaded = content !== null;
await other.logout();
await client.logout();
console.log(JSON.stringify(result));
