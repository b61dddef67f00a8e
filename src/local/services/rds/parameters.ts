/** A parameter of the family postgres17. */
export interface ParameterKind {
  readonly name: string;
  /** `static`: applied at the next start. */
  readonly apply: "static" | "dynamic";
  readonly type: "boolean" | "integer" | "float" | "string";
  /** `min-max` for numbers. For some texts, the allowed values separated by commas. */
  readonly allowed?: string | undefined;
  /** AWS's value, when it differs from PostgreSQL's default. */
  readonly system?: string | undefined;
}

/** PostgreSQL 17's own list (`postgres --describe-config`), without the parameters of its addresses and files. */
const TABLE: readonly { apply: "static" | "dynamic"; type: ParameterKind["type"]; names: string }[] = [
  {
    apply: "dynamic",
    type: "boolean",
    names: `array_nulls autovacuum check_function_bodies debug_pretty_print debug_print_parse debug_print_plan debug_print_rewritten
default_transaction_deferrable default_transaction_read_only enable_async_append enable_bitmapscan enable_gathermerge
enable_group_by_reordering enable_hashagg enable_hashjoin enable_incremental_sort enable_indexonlyscan enable_indexscan
enable_material enable_memoize enable_mergejoin enable_nestloop enable_parallel_append enable_parallel_hash enable_partition_pruning
enable_partitionwise_aggregate enable_partitionwise_join enable_presorted_aggregate enable_seqscan enable_sort enable_tidscan
escape_string_warning geqo jit lo_compat_privileges log_checkpoints log_connections log_disconnections log_duration log_executor_stats
log_hostname log_lock_waits log_parser_stats log_planner_stats log_recovery_conflict_waits log_replication_commands
log_statement_stats parallel_leader_participation quote_all_identifiers row_security standard_conforming_strings synchronize_seqscans
track_activities track_counts track_io_timing track_wal_io_timing`,
  },
  {
    apply: "dynamic",
    type: "float",
    names: `autovacuum_analyze_scale_factor:0-100 autovacuum_vacuum_cost_delay:-1-100 autovacuum_vacuum_insert_scale_factor:0-100
autovacuum_vacuum_scale_factor:0-100 bgwriter_lru_multiplier:0-10 checkpoint_completion_target:0-1 cpu_index_tuple_cost:0-1.79769e+308
cpu_operator_cost:0-1.79769e+308 cpu_tuple_cost:0-1.79769e+308 cursor_tuple_fraction:0-1 geqo_seed:0-1 geqo_selection_bias:1.5-2
hash_mem_multiplier:1-1000 jit_above_cost:-1-1.79769e+308 jit_inline_above_cost:-1-1.79769e+308
jit_optimize_above_cost:-1-1.79769e+308 log_statement_sample_rate:0-1 log_transaction_sample_rate:0-1
parallel_setup_cost:0-1.79769e+308 parallel_tuple_cost:0-1.79769e+308 random_page_cost:0-1.79769e+308
recursive_worktable_factor:0.001-1e+06 seq_page_cost:0-1.79769e+308 vacuum_cost_delay:0-100`,
  },
  {
    apply: "dynamic",
    type: "integer",
    names: `archive_timeout:0-1073741823 authentication_timeout:1-600 autovacuum_analyze_threshold:0-2147483647 autovacuum_naptime:1-2147483
autovacuum_vacuum_cost_limit:-1-10000 autovacuum_vacuum_insert_threshold:-1-2147483647 autovacuum_vacuum_threshold:0-2147483647
autovacuum_work_mem:-1-2147483647 backend_flush_after:0-256 bgwriter_delay:10-10000 bgwriter_flush_after:0-256
bgwriter_lru_maxpages:0-1073741823 checkpoint_flush_after:0-256 checkpoint_timeout:30-86400 checkpoint_warning:0-2147483647
client_connection_check_interval:0-2147483647 commit_delay:0-100000 commit_siblings:0-1000 deadlock_timeout:1-2147483647
default_statistics_target:1-10000 effective_cache_size:1-2147483647 effective_io_concurrency:0-1000 extra_float_digits:-15-3
from_collapse_limit:1-2147483647 geqo_effort:1-10 geqo_generations:0-2147483647 geqo_pool_size:0-2147483647
geqo_threshold:2-2147483647 gin_fuzzy_search_limit:0-2147483647 gin_pending_list_limit:64-2147483647
idle_in_transaction_session_timeout:0-2147483647 idle_session_timeout:0-2147483647 io_combine_limit:1-32
join_collapse_limit:1-2147483647 lock_timeout:0-2147483647 log_autovacuum_min_duration:-1-2147483647
log_min_duration_sample:-1-2147483647 log_min_duration_statement:-1-2147483647 log_parameter_max_length:-1-1073741823
log_parameter_max_length_on_error:-1-1073741823 log_startup_progress_interval:0-2147483647 log_temp_files:-1-2147483647
logical_decoding_work_mem:64-2147483647 maintenance_io_concurrency:0-1000 maintenance_work_mem:64-2147483647
max_parallel_apply_workers_per_subscription:0-1024 max_parallel_maintenance_workers:0-1024 max_parallel_workers:0-1024
max_parallel_workers_per_gather:0-1024 max_pred_locks_per_page:0-2147483647 max_pred_locks_per_relation:-2147483648-2147483647
max_slot_wal_keep_size:-1-2147483647 max_stack_depth:100-2147483647 max_sync_workers_per_subscription:0-262143
max_wal_size:2-2147483647 min_parallel_index_scan_size:0-715827882 min_parallel_table_scan_size:0-715827882 min_wal_size:2-2147483647
scram_iterations:1-2147483647 statement_timeout:0-2147483647 tcp_keepalives_count:0-2147483647 tcp_keepalives_idle:0-2147483647
tcp_keepalives_interval:0-2147483647 tcp_user_timeout:0-2147483647 temp_buffers:100-1073741823 temp_file_limit:-1-2147483647
transaction_timeout:0-2147483647 vacuum_buffer_usage_limit:0-16777216 vacuum_cost_limit:1-10000 vacuum_cost_page_dirty:0-10000
vacuum_cost_page_hit:0-10000 vacuum_cost_page_miss:0-10000 vacuum_failsafe_age:0-2100000000 vacuum_freeze_min_age:0-1000000000
vacuum_freeze_table_age:0-2000000000 vacuum_multixact_failsafe_age:0-2100000000 vacuum_multixact_freeze_min_age:0-1000000000
vacuum_multixact_freeze_table_age:0-2000000000 wal_keep_size:0-2147483647 wal_sender_timeout:0-2147483647
wal_skip_threshold:0-2147483647 wal_writer_delay:1-10000 wal_writer_flush_after:0-2147483647 work_mem:64-2147483647`,
  },
  {
    apply: "dynamic",
    type: "string",
    names: `archive_command archive_library backslash_quote bytea_output client_encoding client_min_messages compute_query_id constraint_exclusion
createrole_self_grant DateStyle default_table_access_method default_tablespace default_text_search_config default_toast_compression
default_transaction_isolation file_extend_method icu_validation_level IntervalStyle lc_monetary lc_numeric lc_time log_error_verbosity
log_line_prefix log_min_error_statement log_min_messages log_statement log_timezone plan_cache_mode recovery_prefetch search_path
session_preload_libraries session_replication_role stats_fetch_consistency synchronous_commit temp_tablespaces TimeZone
timezone_abbreviations track_functions wal_compression xmlbinary xmloption`,
  },
  { apply: "static", type: "boolean", names: `track_commit_timestamp wal_log_hints` },
  {
    apply: "static",
    type: "integer",
    names: `autovacuum_freeze_max_age:100000-2000000000 autovacuum_max_workers:1-262143 autovacuum_multixact_freeze_max_age:10000-2000000000
commit_timestamp_buffers:0-131072 max_connections:1-262143 max_locks_per_transaction:10-2147483647
max_logical_replication_workers:0-262143 max_pred_locks_per_transaction:10-2147483647 max_prepared_transactions:0-262143
max_replication_slots:0-262143 max_wal_senders:0-262143 max_worker_processes:0-262143 min_dynamic_shared_memory:0-2147483647
multixact_member_buffers:16-131072 multixact_offset_buffers:16-131072 notify_buffers:16-131072 serializable_buffers:16-131072
shared_buffers:16-1073741823 subtransaction_buffers:0-131072 track_activity_query_size:100-1048576 transaction_buffers:0-131072
wal_buffers:-1-262143 wal_decode_buffer_size:65536-1073741823`,
  },
  { apply: "static", type: "string", names: `archive_mode huge_pages shared_preload_libraries` },
];

const VALUES: Readonly<Record<string, string>> = {
  log_statement: "none,ddl,mod,all",
  log_error_verbosity: "terse,default,verbose",
  log_min_messages: "debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic",
  log_min_error_statement: "debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic",
  client_min_messages: "debug5,debug4,debug3,debug2,debug1,log,notice,warning,error",
  default_transaction_isolation: "serializable,repeatable read,read committed,read uncommitted",
  track_functions: "none,pl,all",
};

/** Parameters that only AWS has, and those whose value AWS changes. */
const AWS_OWN: readonly ParameterKind[] = [
  { name: "rds.force_ssl", apply: "dynamic", type: "boolean", allowed: "0,1", system: "1" },
  { name: "rds.logical_replication", apply: "static", type: "boolean", allowed: "0,1", system: "0" },
  { name: "rds.log_retention_period", apply: "dynamic", type: "integer", allowed: "1440-10080", system: "4320" },
  { name: "rds.restrict_password_commands", apply: "static", type: "boolean", allowed: "0,1", system: "0" },
  { name: "shared_preload_libraries", apply: "static", type: "string", system: "pg_stat_statements" },
  { name: "pg_stat_statements.max", apply: "static", type: "integer", allowed: "100-2147483647" },
  { name: "pg_stat_statements.track", apply: "dynamic", type: "string", allowed: "none,top,all" },
  { name: "auto_explain.log_min_duration", apply: "dynamic", type: "integer", allowed: "-1-2147483647" },
];

function all(): ReadonlyMap<string, ParameterKind> {
  const own = new Set(AWS_OWN.map((kind) => kind.name));
  const plain = TABLE.flatMap(({ apply, type, names }) =>
    names.split(/\s+/).map((entry): ParameterKind => {
      const [name = "", range] = entry.split(":");
      return { name, apply, type, allowed: range ?? VALUES[name] ?? (type === "boolean" ? "0,1" : undefined) };
    }),
  );
  return new Map([...AWS_OWN, ...plain.filter((kind) => !own.has(kind.name))].map((kind) => [kind.name, kind]));
}
/** The parameters by name. */
export const PARAMETERS = all();

/** The parameters of a server: AWS's settings, overridden by those of its group. */
export function effective(values: Readonly<Record<string, string>>): Record<string, string> {
  const system = [...PARAMETERS.values()].flatMap((kind) => (kind.system === undefined ? [] : [[kind.name, kind.system] as const]));
  return { ...Object.fromEntries(system), ...values };
}

/** True when the parameter accepts this value. Formulas such as `{DBInstanceClassMemory/9531392}` are accepted; only AWS computes them. */
export function accepts({ type, allowed }: ParameterKind, value: string): boolean {
  if (value.includes("{")) return true;
  if (type === "boolean") return /^(0|1|on|off|true|false)$/i.test(value);
  if (type === "string") return allowed === undefined || allowed.split(",").includes(value);
  if (!/^-?\d+(\.\d+)?$/.test(value) || (type === "integer" && value.includes("."))) return false;
  const [, least, most] = /^(-?[\d.e+]+)-([\d.e+]+)$/.exec(allowed ?? "") ?? [];
  return least === undefined || (Number(value) >= Number(least) && Number(value) <= Number(most));
}
