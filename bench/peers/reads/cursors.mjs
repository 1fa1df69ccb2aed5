// The cursors of the server, so that all peers are sent the same requests: the name of the order, the sort value of a
// row, its id and a checksum, in base64url.
import { crc32 } from "node:zlib";

function varint(n) {
  const bytes = [];
  for (; n >= 128n; n >>= 7n) bytes.push(Number(n & 127n) | 128);
  return Buffer.from([...bytes, Number(n)]);
}
const zigzag = (n) => varint(BigInt(n) < 0n ? -2n * BigInt(n) - 1n : 2n * BigInt(n));

function float(x) {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(x);
  return bytes;
}
const text = (s) => Buffer.concat([varint(BigInt(Buffer.byteLength(s))), Buffer.from(s)]);
const encoders = { i: zigzag, t: zigzag, f: float, s: text, d: text };

// Kinds: i integer, t microseconds since 1970, f float, s text, d decimal.
export function encodeCursor(order, kind, value, id) {
  const body = Buffer.concat([Buffer.from(`${order}\0${kind}`), encoders[kind](value), zigzag(id)]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([body, sum]).toString("base64url");
}

export function decodeCursor(cursor, order, kind) {
  const bytes = Buffer.from(cursor, "base64url");
  const body = bytes.subarray(0, -4);
  let at = order.length + 2;
  if (bytes.length < 5 || bytes.readUInt32BE(body.length) !== crc32(body) || body.toString("utf8", 0, at) !== `${order}\0${kind}`) throw new Error("not a cursor of this list");
  const readVarint = () => {
    let n = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = body[at++];
      n |= BigInt(byte & 127) << shift;
      if (byte < 128) return n;
    }
  };
  const readZigzag = () => {
    const n = readVarint();
    return (n & 1n ? -(n >> 1n) - 1n : n >> 1n).toString();
  };
  const readText = () => {
    const length = Number(readVarint());
    return body.toString("utf8", at, (at += length));
  };
  const decoders = { i: readZigzag, t: readZigzag, f: () => body.readDoubleBE((at += 8) - 8), s: readText, d: readText };
  return { value: decoders[kind](), id: readZigzag() };
}
