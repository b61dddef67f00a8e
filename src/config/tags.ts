import { type Complaint, complain } from "./complaint.ts";

/** AWS allows 50 tags on a resource; fleetlogix and AWS use the others. */
const MOST = 40;
const OURS = ["project", "environment", "managedby"];
/** The characters that every service accepts; S3 accepts the fewest. */
const CHARACTERS = /^[\p{L}\p{N} _.:/=+@-]*$/u;

/** Complaints by tag key; the key `""` stands for all tags together. */
export function tagComplaints(tags: Readonly<Record<string, string>>): readonly (readonly [key: string, complaint: Complaint])[] {
  const found: (readonly [string, Complaint])[] = [];
  const seen = new Map<string, string>();
  for (const [key, value] of Object.entries(tags)) {
    // IAM compares tag keys without regard to case: two keys that differ in case only cannot be on one role.
    const duplicate = seen.get(key.toLowerCase());
    const complaint = duplicate
      ? complain(`The tag ${key} differs from ${duplicate} in case only.`, "Remove one of the two.")
      : tagComplaint(key, value);
    if (complaint) found.push([key, complaint]);
    seen.set(key.toLowerCase(), key);
  }
  if (Object.keys(tags).length > MOST) {
    found.push([
      "",
      complain(`There are ${Object.keys(tags).length} tags.`, `Keep at most ${MOST}: AWS allows 50, fleetlogix and AWS use some.`),
    ]);
  }
  return found;
}

function tagComplaint(key: string, value: string): Complaint | undefined {
  const lower = key.toLowerCase();
  if (lower.startsWith("aws:")) return complain("Tag keys beginning with aws: belong to AWS.", "Choose another key.");
  if (OURS.includes(lower) || lower.startsWith("fleetlogix:")) {
    return complain(`fleetlogix sets the tag ${key} itself (keys compare without regard to case).`, "Choose another key.");
  }
  if (key.length < 1 || key.length > 128) return complain(`The key has ${key.length} characters.`, "Write a key of 1 to 128 characters.");
  if (value.length > 256) return complain(`The value has ${value.length} characters.`, "Write a value of at most 256 characters.");
  if (!CHARACTERS.test(key) || !CHARACTERS.test(value)) {
    return complain(
      "Key or value contains a character that not every AWS service accepts.",
      "Use letters, digits, spaces and _ . : / = + - @",
    );
  }
  return undefined;
}
