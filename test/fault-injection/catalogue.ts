/** The faults and invariants that the suites cite by number. `docs/reliability.md` has the same lists; a unit test keeps them equal. */

export const FAULTS = {
  F1: "The command is killed before a writing call is sent.",
  F2: "The command is killed after a writing call took effect.",
  F3: "A writing call takes effect and its response is lost.",
  F4: "A writing call takes effect and is answered with status 500.",
  F5: "A writing call is refused twice with status 503.",
  F6: "A writing call is throttled twice, in the words of its service.",
  F7: "An operation is throttled, denied or called invalid for as long as the run lasts.",
  F8: "An operation hangs past the timeout and then takes effect.",
  F9: "The first 1 or 3 reads after a create answer that the resource does not exist.",
  F10: "A list answers with old content, or begins with an empty page.",
  F11: "AWS refuses a call for a while, in an error that was seen on AWS, or a late writer writes to a resource that was deleted.",
  F12: "A resource stays in a transitional or failed state, for a while or for ever.",
  F13: "A second run goes from its beginning to its end while the first stands still at a writing call.",
  F14: "The command is killed, and the next run is killed too.",
  F15: "A teardown meets F1 to F6, F20 or F21 at a writing call.",
  F16: "Somebody changes a managed attribute outside of fleetlogix.",
  F17: "Somebody deletes a managed resource outside of fleetlogix.",
  F18: "A resource with one of our names carries no tag of ours, or the tag of another stack, or belongs to another account.",
  F19: "The configuration is changed, also with a kill half-way.",
  F20: "The command is interrupted.",
  F21: "The credentials expire, the clock is wrong, or the endpoint cannot be reached any more.",
  F22: "Two faults meet two random writing calls, chosen by a seed.",
} as const;

export const INVARIANTS = {
  I1: "The stack equals the one that an undisturbed run makes; ids and times do not count.",
  I2: "The next run succeeds once the fault is gone; two runs may be needed after F13, F14 and F22.",
  I3: "There is one resource of each name, also where AWS accepts two.",
  I4: "After a teardown nothing of the stack is left except what it declares to keep.",
  I5: "Foreign resources are unchanged, and no writing call names them.",
  I6: "No `up` deletes or replaces what holds data: objects, items and rows are still there.",
  I7: "No secret is in any output, event or error: plain, in Base64 or URL-encoded.",
  I8: "A plan, and a run with nothing to do, make no writing call.",
  I9: "Each resource is created once.",
  I10: "A run that failed says so: an error code, the failed resource, the code of AWS, and a hint.",
  I11: "At no moment is the database open to the world, a bucket filled before its public access is blocked, or the API deployed before its document.",
  I12: "Every wait ends, and a refused writing call is sent at most ten times for one reason.",
  I13: "The result does not depend on the concurrency or on the order of the answers.",
  I14: "The plan shows what was changed or deleted outside of fleetlogix, and nothing else.",
} as const;

export type InvariantId = keyof typeof INVARIANTS;
