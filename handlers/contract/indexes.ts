/** The global secondary indexes that the functions query. Keys are string attributes; all attributes are projected. */
export interface IndexSpec {
  readonly name: string;
  readonly hash: string;
  readonly range: string;
}

export const INDEXES = {
  deliveries: {
    byDriver: { name: "by-driver", hash: "driver_id", range: "updated_at" },
    byStatus: { name: "by-status", hash: "status", range: "updated_at" },
  },
  alerts: {
    /** Sparse: only open alerts have `open_type`. */
    open: { name: "open", hash: "open_type", range: "timestamp" },
    byType: { name: "by-type", hash: "type", range: "timestamp" },
  },
} as const satisfies Record<string, Record<string, IndexSpec>>;
