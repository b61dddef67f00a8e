/**
 * Rules that AWS was seen to apply and that botocore's models lack or have in an older form. Source: the answers of the real AWS that are
 * recorded in the snapshots of LocalStack's tests (tests/aws/services, Apache 2.0), of November 2025 to January 2026.
 */
interface CorrectedShape {
  readonly type: string;
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
  readonly nullable?: boolean;
}
type Shapes = Readonly<Record<string, CorrectedShape>>;

const REGION = "[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}";

function lambda(shapes: Shapes): Shapes {
  const corrected: Record<string, CorrectedShape> = {};
  for (const [name, shape] of Object.entries(shapes))
    corrected[name] = shape.pattern ? { ...shape, pattern: shape.pattern.replaceAll(REGION, `(eusc-)?${REGION}`) } : shape;
  const taggable = corrected.TaggableResource;
  return {
    ...corrected,
    ...(taggable?.pattern
      ? { TaggableResource: { ...taggable, pattern: taggable.pattern.replace("|code-signing", "|layer:([a-zA-Z0-9-_]+)|code-signing") } }
      : {}),
    SubnetId: { type: "string", min: 0, max: 1024, pattern: "subnet-[0-9a-z]*", nullable: true },
    SecurityGroupId: { type: "string", min: 0, max: 1024, pattern: "sg-[0-9a-zA-Z]*", nullable: true },
  };
}

const CORRECTIONS: Readonly<Record<string, (shapes: Shapes) => Shapes>> = { lambda };

export const corrected = <T extends CorrectedShape>(service: string, shapes: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
  (CORRECTIONS[service]?.(shapes) ?? shapes) as Readonly<Record<string, T>>;
