import type {
  CheckIfPhoneNumberIsOptedOutCommandInput,
  CheckIfPhoneNumberIsOptedOutCommandOutput,
  GetSMSAttributesCommandInput,
  GetSMSAttributesCommandOutput,
  GetSMSSandboxAccountStatusCommandInput,
  GetSMSSandboxAccountStatusCommandOutput,
  ListPhoneNumbersOptedOutCommandInput,
  ListPhoneNumbersOptedOutCommandOutput,
  SetSMSAttributesCommandInput,
  SetSMSAttributesCommandOutput,
} from "@aws-sdk/client-sns";
import { type Handler, type LocalEnv, LocalFault, type Operations } from "../../core/service.ts";

const ATTRIBUTES: ReadonlySet<string> = new Set([
  "MonthlySpendLimit",
  "DeliveryStatusIAMRole",
  "DeliveryStatusSuccessSamplingRate",
  "DefaultSenderID",
  "DefaultSMSType",
  "UsageReportS3Bucket",
]);
/** The errors of SMS attributes lack the words "Invalid parameter" (recorded). */
const refused = (message: string): LocalFault => new LocalFault("InvalidParameterException", message);

/** Operations of the account's SMS settings. The list of opted-out numbers is always empty. */
export function smsOperations(env: LocalEnv): Operations {
  const settings = env.store.collection<Record<string, string>>("sns.sms");
  const set: Handler<SetSMSAttributesCommandInput, SetSMSAttributesCommandOutput> = (input, { region }) => {
    const unknown = Object.keys(input.attributes ?? {}).find((name) => !ATTRIBUTES.has(name));
    if (unknown !== undefined) throw refused(`${unknown} is not a valid attribute`);
    const type = input.attributes?.DefaultSMSType;
    if (type !== undefined && !["Promotional", "Transactional"].includes(type)) throw refused("DefaultSMSType is invalid");
    settings.put(region, { ...settings.get(region), ...input.attributes });
    return {};
  };
  const get: Handler<GetSMSAttributesCommandInput, GetSMSAttributesCommandOutput> = (input, { region }) => {
    const all = Object.entries({ MonthlySpendLimit: "1", ...settings.get(region) });
    return { attributes: Object.fromEntries(all.filter(([name]) => !input.attributes?.length || input.attributes.includes(name))) };
  };
  const sandbox: Handler<GetSMSSandboxAccountStatusCommandInput, GetSMSSandboxAccountStatusCommandOutput> = () => ({ IsInSandbox: false });
  const optedOut: Handler<CheckIfPhoneNumberIsOptedOutCommandInput, CheckIfPhoneNumberIsOptedOutCommandOutput> = () => ({
    isOptedOut: false,
  });
  const list: Handler<ListPhoneNumbersOptedOutCommandInput, ListPhoneNumbersOptedOutCommandOutput> = () => ({ phoneNumbers: [] });
  return {
    SetSMSAttributes: set,
    GetSMSAttributes: get,
    GetSMSSandboxAccountStatus: sandbox,
    CheckIfPhoneNumberIsOptedOut: optedOut,
    ListPhoneNumbersOptedOut: list,
  };
}
