import { LocalFault } from "../../core/service.ts";

const invalid = (message: string): LocalFault => new LocalFault("InvalidParameterValue", message, 400);

export function checkIdentifier(id: string | undefined, member: string, most = 63): asserts id is string {
  if (!id || id.length > most || !/^[A-Za-z][A-Za-z0-9-]*$/.test(id) || id.endsWith("-") || id.includes("--"))
    throw invalid(
      `The parameter ${member} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.`,
    );
}

const RESERVED_USERS = new Set(["admin", "rdsadmin", "rds_superuser", "rds_replication", "rds_password", "public", "user", "all", "none"]);
export function checkUsername(name: string | undefined): asserts name is string {
  if (!name) throw new LocalFault("InvalidParameterValue", "The parameter MasterUsername must be provided and must not be blank.", 400);
  if (name.length > 63 || !/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) throw invalid("The parameter MasterUsername is not a valid identifier.");
  if (RESERVED_USERS.has(name.toLowerCase()) || name.toLowerCase().startsWith("pg_"))
    throw invalid(`MasterUsername ${name} cannot be used as it is a reserved word used by the engine`);
}

export function checkPassword(password: string): void {
  if (password.length < 8)
    throw invalid("The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters.");
  if (password.length > 128)
    throw invalid("The parameter MasterUserPassword is not a valid password because it is longer than 128 characters.");
  if (!/^[\x20-\x7e]+$/.test(password) || /[/@" ]/.test(password))
    throw invalid(
      "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.",
    );
}

export function checkDatabase(name: string): void {
  if (name.length > 63 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw invalid("DBName must begin with a letter and contain only alphanumeric characters.");
  if (["rdsadmin", "template0", "template1"].includes(name.toLowerCase()))
    throw invalid(`DBName ${name} is a reserved word for this engine`);
}

export function checkStorage(gb: number, type: string): void {
  if (gb < 20 || gb > 65_536) throw invalid(`Invalid storage size for engine name postgres and storage type ${type}: ${gb}`);
}

/** Storage grows by at least 10 %. A smaller increase is rounded up (botocore rds, ModifyDBInstanceMessage.AllocatedStorage). */
export const grown = (from = 0, to: number | undefined): number | undefined =>
  to === undefined || to <= from ? to : Math.max(to, Math.ceil(from * 1.1));

/** From this size on, a change of gp3's size must state IOPS. Below it, IOPS are refused. */
export const IOPS_FROM_GB = 400;
interface Storage {
  readonly StorageType?: string | undefined;
  readonly AllocatedStorage?: number | undefined;
  readonly Iops?: number | undefined;
  readonly StorageThroughput?: number | undefined;
}
/** `after`: the storage with the requested changes. `before`: the present gigabytes, 0 for a new instance. */
export function checkIops(after: Storage, requested: Storage, before: number): void {
  if (after.StorageType !== "gp3") return;
  const size = after.AllocatedStorage ?? 0;
  const combination = (message: string) => new LocalFault("InvalidParameterCombination", message, 400);
  if (size < IOPS_FROM_GB && (requested.Iops !== undefined || requested.StorageThroughput !== undefined))
    throw combination(`You can't specify IOPS or storage throughput for engine postgres and a storage size less than ${IOPS_FROM_GB}.`);
  const alone = (requested.AllocatedStorage === undefined) !== (requested.Iops === undefined);
  if (size >= IOPS_FROM_GB && before > 0 && alone)
    throw combination(
      "You must specify both the storage size and iops when modifying the storage size or iops on a DB instance that has iops.",
    );
}

export function checkRetention(days: number): void {
  if (days < 0 || days > 35) throw invalid(`Invalid backup retention period: ${days}. Retention period must be between 0 and 35.`);
}

export function checkClass(name: string | undefined): void {
  if (!name || !/^db\.[a-z0-9]+\.(micro|small|medium|large|\d*xlarge)$/.test(name)) throw invalid(`Invalid DB Instance class: ${name}`);
}

/** The only version of the local AWS. `17` means it, too. */
export const ENGINE_VERSION = "17.10";
export function resolveVersion(wanted: string | undefined): string {
  if (wanted === undefined || wanted === "17" || wanted === ENGINE_VERSION) return ENGINE_VERSION;
  throw new LocalFault("InvalidParameterCombination", `Cannot find version ${wanted} for postgres`, 400);
}

export function checkTags(tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[]): void {
  for (const { Key = "", Value = "" } of tags) {
    if (!Key || Key.length > 128) throw invalid("Tag keys must have 1 to 128 characters.");
    if (Key.toLowerCase().startsWith("aws:") || Key.toLowerCase().startsWith("rds:"))
      throw invalid(`Tag key ${Key} is reserved: it begins with "aws:" or "rds:".`);
    if (Value.length > 256) throw invalid(`The value of tag ${Key} has more than 256 characters.`);
  }
  if (tags.length > 50) throw invalid("A resource may have up to 50 tags.");
}
