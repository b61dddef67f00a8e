import type * as RDS from "@aws-sdk/client-rds";
import { type Handler, LocalFault } from "../../core/service.ts";
import { documentKey, type SnapshotDocument, snapshotNamed } from "./documents.ts";
import type { Rds } from "./rds.ts";

/** The only attribute of a snapshot: the accounts that may copy or restore it. */
const RESTORE = "restore";
/** Largest number of accounts with which a snapshot is shared (RDS User Guide, "Quotas and constraints"). */
const MOST = 20;

/** Operations for the accounts with which a snapshot is shared; `all` means everybody. */
export function snapshotAttributeOperations({ state }: Rds) {
  const describe: Handler<RDS.DescribeDBSnapshotAttributesCommandInput, RDS.DescribeDBSnapshotAttributesResult> = (input, { region }) =>
    toAttributesResult(snapshotNamed(state, region, input.DBSnapshotIdentifier));
  const modify: Handler<RDS.ModifyDBSnapshotAttributeCommandInput, RDS.ModifyDBSnapshotAttributeResult> = (input, { region }) => {
    const snapshot = snapshotNamed(state, region, input.DBSnapshotIdentifier);
    const { AttributeName, ValuesToAdd: added = [], ValuesToRemove: removed = [] } = input;
    if (AttributeName !== RESTORE) throw invalid(`Invalid snapshot attribute: ${AttributeName}`);
    if (snapshot.type !== "manual" || snapshot.state !== "available")
      throw new LocalFault(
        "InvalidDBSnapshotStateFault",
        `The snapshot ${snapshot.id} cannot be shared: only an available manual one can.`,
      );
    checkAccounts(snapshot, added);
    const sharedWith = [...new Set([...(snapshot.sharedWith ?? []), ...added])].filter((one) => !removed.includes(one)).sort();
    if (sharedWith.length > MOST)
      throw new LocalFault("SharedSnapshotQuotaExceededFault", `A snapshot can be shared with ${MOST} accounts at most.`);
    const changed = { ...snapshot, sharedWith };
    state.snapshots.put(documentKey(region, snapshot.id), changed);
    return toAttributesResult(changed);
  };
  return { DescribeDBSnapshotAttributes: describe, ModifyDBSnapshotAttribute: modify };
}

const toAttributesResult = ({ id, sharedWith = [] }: SnapshotDocument): RDS.DescribeDBSnapshotAttributesResult => ({
  DBSnapshotAttributesResult: {
    DBSnapshotIdentifier: id,
    DBSnapshotAttributes: [{ AttributeName: RESTORE, AttributeValues: [...sharedWith] }],
  },
});

/** Encrypted snapshots can be shared only with named accounts (documented at ValuesToAdd; the text of the error is unproven). */
function checkAccounts(snapshot: SnapshotDocument, added: readonly string[]): void {
  const wrong = added.find((one) => one !== "all" && !/^\d{12}$/.test(one));
  if (wrong !== undefined) throw invalid(`Invalid value for ValuesToAdd: ${wrong}. It must be the number of an account, or all.`);
  if (added.includes("all") && snapshot.source.attributes.StorageEncrypted === true)
    throw invalid(`The snapshot ${snapshot.id} is encrypted and cannot be shared with everybody.`);
}
const invalid = (message: string): LocalFault => new LocalFault("InvalidParameterValue", message, 400);
