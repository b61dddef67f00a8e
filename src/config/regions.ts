import { regionName } from "./names.ts";
import { allNear } from "./one-of.ts";

/** Every region of every partition in the AWS SDK of November 2026; a test compares this list with that of the SDK. */
export const REGIONS: readonly string[] = `
  af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2
  ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 cn-north-1 cn-northwest-1
  eu-central-1 eu-central-2 eu-isoe-west-1 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 eusc-de-east-1 il-central-1
  me-central-1 me-south-1 me-west-1 mx-central-1 sa-east-1 sa-west-1 us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-iso-east-1
  us-iso-west-1 us-isob-east-1 us-isob-west-1 us-isof-east-1 us-isof-south-1 us-west-1 us-west-2`
  .trim()
  .split(/\s+/);

/** A sentence about a region that is not in the list; undefined: it is. AWS opens new regions, so this is not an error. */
export function unknownRegion(region: string): string | undefined {
  if (REGIONS.includes(region)) return undefined;
  const near = allNear(region, REGIONS).slice(0, 2);
  return `"${region}" is no region of AWS that this version knows.${near.length > 0 ? ` Did you mean ${near.join(" or ")}?` : ""}`;
}

/** What is wrong with a region that somebody has typed, with the nearest regions and an example; undefined: nothing. */
export function regionComplaint(region: string): string | undefined {
  const complaint = regionName(region);
  if (complaint === undefined) return undefined;
  const near = allNear(region, REGIONS);
  const begin = region === "" ? [] : REGIONS.filter((known) => known.startsWith(region.toLowerCase()));
  const meant = (near.length > 0 ? near : begin).slice(0, 3);
  return [complaint.message, ...(meant.length > 0 ? [`Did you mean ${meant.join(" or ")}?`] : []), complaint.remedy].join(" ");
}
