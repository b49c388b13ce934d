/**
 * Reads what `strace -xx` recorded of one process's main thread as the list of changes it made to files of one folder.
 * Lines look like `pwrite64(19, "\x0a\x0b", 2, 4096) = 2`. Any call on such a file that could change it and is not understood
 * is an error: a trace that is only half read would prove nothing.
 */
export type DiskOperation =
  | { readonly kind: "create"; readonly file: string }
  | { readonly kind: "write"; readonly file: string; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly file: string; readonly size: number }
  | { readonly kind: "sync"; readonly file: string }
  | { readonly kind: "unlink"; readonly file: string }
  | { readonly kind: "rename"; readonly file: string; readonly to: string }
  /** The folder was synced: names made or removed before are durable. */
  | { readonly kind: "syncFolder" }
  /** The process told the outside world, by a line on its standard output. */
  | { readonly kind: "say"; readonly text: string };

/** Calls to record; what opens, closes, writes, cuts, syncs or removes a file. */
export const TRACED_CALLS =
  "openat,close,pwrite64,write,writev,pwritev,fsync,fdatasync,ftruncate,fallocate,unlink,unlinkat,rename,mmap";

const CALL = /^(\w+)\((.*)\)\s+= (-?\d+|0x[0-9a-f]+)/;
const STDOUT = 1;
/** Stands for the folder among the open files. */
const FOLDER_ITSELF = "";

function unhex(text: string): Buffer {
  return Buffer.from(text.replaceAll("\\x", ""), "hex");
}

function quoted(args: string): { bytes: Buffer; rest: string } {
  const from = args.indexOf('"');
  const to = args.lastIndexOf('"');
  if (args.startsWith("...", to + 1)) throw new Error("the trace cut a buffer short");
  return { bytes: unhex(args.slice(from + 1, to)), rest: args.slice(to + 1) };
}

class TraceReader {
  readonly operations: DiskOperation[] = [];
  readonly #folder: string;
  readonly #files = new Map<number, string>();
  /** Where the next `write` of an open file goes. */
  readonly #offsets = new Map<number, number>();
  readonly #known = new Set<string>();

  constructor(folder: string) {
    this.#folder = `${folder}/`;
  }

  line(line: string): void {
    const match = CALL.exec(line);
    if (match === null) return;
    const [, call = "", args = "", result = ""] = match;
    if (Number(result) < 0) return;
    if (call === "openat") this.#open(quoted(args), Number(result));
    else if (call === "unlink" || call === "unlinkat") this.#unlink(quoted(args).bytes.toString());
    else if (call === "rename") this.#rename(args, line);
    else this.#onFile(call, args, Number(result), line);
  }

  #refuse(ours: boolean, line: string): void {
    if (ours) throw new Error(`a call the replay does not know: ${line.slice(0, 100)}`);
  }

  #rename(args: string, line: string): void {
    const [from, to] = [...args.matchAll(/"([^"]*)"/g)].map(([, text = ""]) => unhex(text).toString());
    if (from === undefined || to === undefined) throw new Error(`a rename without two names: ${line.slice(0, 100)}`);
    const ours = [from, to].filter((path) => path.startsWith(this.#folder)).length;
    if (ours === 0) return;
    this.#refuse(ours === 1, line);
    const [file, name] = [from, to].map((path) => path.slice(this.#folder.length)) as [string, string];
    this.#known.delete(file);
    this.#known.add(name);
    for (const [fd, open] of this.#files) if (open === file) this.#files.set(fd, name);
    this.operations.push({ kind: "rename", file, to: name });
  }

  #open(path: { bytes: Buffer; rest: string }, fd: number): void {
    const name = path.bytes.toString();
    this.#files.delete(fd);
    if (`${name}/` === this.#folder) this.#files.set(fd, FOLDER_ITSELF);
    if (!name.startsWith(this.#folder)) return;
    const file = name.slice(this.#folder.length);
    this.#files.set(fd, file);
    this.#offsets.set(fd, 0);
    if (path.rest.includes("O_APPEND")) this.#refuse(true, `O_APPEND ${file}`);
    if (path.rest.includes("O_CREAT") && !this.#known.has(file)) {
      this.#known.add(file);
      this.operations.push({ kind: "create", file });
    }
    // A file that must be new has nothing to be cut.
    if (path.rest.includes("O_TRUNC") && !path.rest.includes("O_EXCL")) this.#refuse(true, `O_TRUNC ${file}`);
  }

  #unlink(path: string): void {
    if (!path.startsWith(this.#folder)) return;
    const file = path.slice(this.#folder.length);
    this.#known.delete(file);
    this.operations.push({ kind: "unlink", file });
  }

  #onFile(call: string, args: string, result: number, line: string): void {
    const fd = call === "mmap" ? Number(args.split(", ")[4]) : Number.parseInt(args, 10);
    const file = this.#files.get(fd);
    if (file === undefined) {
      if (call === "write" && fd === STDOUT) this.operations.push({ kind: "say", text: quoted(args).bytes.toString() });
      return;
    }
    if (call === "close") this.#files.delete(fd);
    else if (call === "fsync" && file === FOLDER_ITSELF) this.operations.push({ kind: "syncFolder" });
    else if (call === "pwrite64") this.#write(file, quoted(args), result);
    else if (call === "write") this.#writeOn(fd, file, quoted(args).bytes, result);
    else if (call === "fsync" || call === "fdatasync") this.operations.push({ kind: "sync", file });
    else if (call === "ftruncate") {
      this.operations.push({ kind: "truncate", file, size: Number(args.split(", ")[1]) });
    } else this.#refuse(call !== "mmap" || args.includes("PROT_WRITE"), line);
  }

  #writeOn(fd: number, file: string, bytes: Buffer, written: number): void {
    const offset = this.#offsets.get(fd) ?? 0;
    this.#offsets.set(fd, offset + written);
    this.operations.push({ kind: "write", file, offset, bytes: bytes.subarray(0, written) });
  }

  #write(file: string, { bytes, rest }: { bytes: Buffer; rest: string }, written: number): void {
    const offset = Number(rest.split(", ")[2]);
    this.operations.push({ kind: "write", file, offset, bytes: bytes.subarray(0, written) });
  }
}

/** `folder` is an absolute path; only files right in it are followed. */
export function readTrace(text: string, folder: string): DiskOperation[] {
  const reader = new TraceReader(folder);
  for (const line of text.split("\n")) reader.line(line);
  return reader.operations;
}
