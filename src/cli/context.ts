import type { Paint, Style, Voice } from "./render/paint.ts";

/** Streams, variables and folder of the process. */
export interface Io {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The script that node was started with; hints need it to name the command. */
  readonly script: string | undefined;
}

/** The flags of every command. */
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

/** One run of one command. */
export interface CommandContext {
  /** `up`, `local start`. */
  readonly command: string;
  readonly flags: GlobalFlags;
  /** The words of the command line. */
  readonly argv: readonly string[];
  /** Target of the AWS calls; filled in when it is known. */
  readonly reached: { endpoint?: string | undefined; region?: string; local?: boolean };
  readonly io: Io;
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Prints to stderr, not with --quiet or --json. A long line is wrapped. */
  readonly note: (line: string, style?: Style) => void;
  /** Prints a warning, also with --quiet; the JSON document includes it. */
  readonly warn: (line: string) => void;
  readonly warnings: readonly string[];
  /** Colours of stderr and stdout; none where the stream is not a terminal. */
  readonly paint: { readonly err: Paint; readonly out: Paint };
  /** All output to stderr and stdout goes through these. */
  readonly voice: { readonly err: Voice; readonly out: Voice };
}

/** The answer of a command. */
export interface Answer {
  /** For people, on stdout. */
  readonly text?: string | undefined;
  /** For programs, on stdout with --json. */
  readonly json: unknown;
  /** A failure beside the answer: printed on stderr, decides the exit code. */
  readonly failure?: unknown;
  /** Default: 0, or the exit code of the failure. */
  readonly exit?: number | undefined;
}

/** The body of a command; it gets the positional arguments and the options of the command. */
export type Action = (run: CommandContext, args: readonly unknown[], options: Readonly<Record<string, unknown>>) => Promise<Answer>;
