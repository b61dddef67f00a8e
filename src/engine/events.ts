import type { Change, RetryClass } from "./contract.ts";
import type { Decision, ErrorSummary, Planned } from "./decide.ts";

/** All events of the engine: facts without text or colour. Renderers write the text. */
export type EngineEvent =
  | { readonly type: "run.started"; readonly total: number }
  | ({ readonly type: "resource.decided" } & Pick<Planned, "id" | "kind" | "name" | "decision">)
  | { readonly type: "resource.acting"; readonly id: string; readonly verb: "create" | "update" | "delete" }
  | { readonly type: "resource.waiting"; readonly id: string; readonly state: string; readonly elapsedMs: number }
  | {
      readonly type: "resource.retrying";
      readonly id: string;
      readonly why: RetryClass;
      readonly code: string;
      readonly waitMs: number;
      readonly attempt: number;
      /** The resource that AWS must release first. */
      readonly holder?: string | undefined;
    }
  | { readonly type: "resource.pacing"; readonly id: string; readonly operation: string; readonly waitMs: number }
  | { readonly type: "resource.forgets"; readonly id: string; readonly name: string; readonly changes: readonly Change[] }
  | {
      readonly type: "resource.done";
      readonly id: string;
      readonly action: Decision["action"];
      readonly elapsedMs: number;
      readonly settling: boolean;
    }
  | ({ readonly type: "resource.failed"; readonly id: string } & ErrorSummary)
  | { readonly type: "resource.skipped"; readonly id: string; readonly because: readonly string[] }
  | { readonly type: "run.interrupted" }
  | { readonly type: "run.finished"; readonly ok: boolean; readonly elapsedMs: number };
export type Emit = (event: EngineEvent) => void;
