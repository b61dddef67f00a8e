import type * as CW from "@aws-sdk/client-cloudwatch";
import { type Handler, LocalFault, type Operations } from "../../core/service.ts";
import { type Tags, tagList, tagsOf, withoutTags, withTags } from "../../core/tags.ts";
import { alarmKey, type CloudWatchState, invalidValue } from "./state.ts";

interface Tagged {
  readonly tags: Tags;
  readonly put: (tags: Tags) => void;
}

/** Tag operations of alarms and dashboards, by ARN. */
export function tagOperations(state: CloudWatchState): Operations {
  const tag: Handler<CW.TagResourceCommandInput, CW.TagResourceCommandOutput> = (input) => {
    const { tags, put } = taggedAt(state, input.ResourceARN);
    put(withTags(tags, tagsOf(input.Tags), invalidValue));
    return {};
  };
  const untag: Handler<CW.UntagResourceCommandInput, CW.UntagResourceCommandOutput> = (input) => {
    const { tags, put } = taggedAt(state, input.ResourceARN);
    put(withoutTags(tags, input.TagKeys));
    return {};
  };
  const list: Handler<CW.ListTagsForResourceCommandInput, CW.ListTagsForResourceCommandOutput> = (input) => ({
    Tags: tagList(taggedAt(state, input.ResourceARN).tags),
  });
  return { TagResource: tag, UntagResource: untag, ListTagsForResource: list };
}

function taggedAt({ alarms, dashboards }: CloudWatchState, arn = ""): Tagged {
  const alarm = /^arn:aws[\w-]*:cloudwatch:([\w-]+):\d{12}:alarm:(.+)$/s.exec(arn);
  const key = alarmKey(alarm?.[1] ?? "", alarm?.[2] ?? "");
  const foundAlarm = alarm && alarms.get(key);
  if (foundAlarm) return { tags: foundAlarm.tags, put: (tags) => alarms.put(key, { ...foundAlarm, tags }) };
  const name = /^arn:aws[\w-]*:cloudwatch::\d{12}:dashboard\/([\w-]+)$/.exec(arn)?.[1];
  const dashboard = name === undefined ? undefined : dashboards.get(name);
  if (dashboard) return { tags: dashboard.tags, put: (tags) => dashboards.put(dashboard.name, { ...dashboard, tags }) };
  if (!alarm && name === undefined) throw invalidValue("The ARN is not that of an alarm or a dashboard.");
  throw new LocalFault("ResourceNotFoundException", "The resource does not exist.", undefined, {
    ResourceType: alarm ? "alarm" : "dashboard",
    ResourceId: alarm?.[2] ?? name,
  });
}
