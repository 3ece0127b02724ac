import { crc32, deflateRawSync } from "node:zlib";

/**
 * The bytes of a zip file of these entries.
 *
 * @param compressed - name of the entry that is deflated; the others are stored
 */
export function zipOf(entries: Readonly<Record<string, Uint8Array>>, compressed?: string): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let start = 0;
  for (const [name, content] of Object.entries(entries)) {
    const data = name === compressed ? deflateRawSync(content) : content;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(name === compressed ? 8 : 0, 4);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(start, 10);
    locals.push(Buffer.concat([Buffer.from("PK\x03\x04"), fields, Buffer.from(name), data]));
    central.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), fields, rest, Buffer.from(name)]));
    start += 30 + name.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(Buffer.concat(central).length, 12);
  end.writeUInt32LE(start, 16);
  return Buffer.concat([...locals, ...central, end]);
}
