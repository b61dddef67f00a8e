import type { Paint, Style, Voice } from "./render/paint.ts";

/** The world outside of the process, handed in. */
export interface Io {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The script that node was started with: how to call the command again. */
  readonly script: string | undefined;
}

/** The flags that every command takes. */
export interface GlobalFlags {
  readonly local: boolean;
  readonly endpointUrl?: string | undefined;
  readonly port?: number | undefined;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly config?: string | undefined;
  readonly env?: string | undefined;
  readonly json: boolean;
  readonly yes: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly concurrency: number;
}

/** One call of one command. */
export interface CommandContext {
  /** `up`, `local start`. */
  readonly command: string;
  readonly flags: GlobalFlags;
  /** The words that the command was called with. */
  readonly argv: readonly string[];
  /** Where the calls go; filled in when that is known. */
  readonly reached: { endpoint?: string | undefined; region?: string; local?: boolean };
  readonly io: Io;
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Words to stderr while work runs; nothing with --quiet or --json. One line that is too long is wrapped. */
  readonly note: (line: string, style?: Style) => void;
  /** Something is not as it should be and the run goes on; printed with --quiet too, and kept for the JSON document. */
  readonly warn: (line: string) => void;
  readonly warnings: readonly string[];
  /** For stderr and for stdout, each by what it is connected to. */
  readonly paint: { readonly err: Paint; readonly out: Paint };
  /** The only ways to stderr and stdout. */
  readonly voice: { readonly err: Voice; readonly out: Voice };
}

/** What a command has to say at its end. */
export interface Answer {
  /** For people, on stdout. */
  readonly text?: string | undefined;
  /** For programs, on stdout with --json. */
  readonly json: unknown;
  /** Something went wrong although there is an answer: told on stderr, decides the exit code. */
  readonly failure?: unknown;
  /** Default: 0, or the failure's. */
  readonly exit?: number | undefined;
}

/** A command's body: positional arguments, its own options. */
export type Action = (run: CommandContext, args: readonly unknown[], options: Readonly<Record<string, unknown>>) => Promise<Answer>;
