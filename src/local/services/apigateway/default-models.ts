import { type ApiDoc, newResourceId } from "./model.ts";

/** Every new API has these two. */
export const defaultModels = (): ApiDoc["models"] => ({
  Empty: {
    id: newResourceId(),
    name: "Empty",
    description: "This is a default empty schema model",
    contentType: "application/json",
    schema: '{\n  "$schema": "http://json-schema.org/draft-04/schema#",\n  "title" : "Empty Schema",\n  "type" : "object"\n}',
  },
  Error: {
    id: newResourceId(),
    name: "Error",
    description: "This is a default error schema model",
    contentType: "application/json",
    schema:
      '{\n  "$schema" : "http://json-schema.org/draft-04/schema#",\n  "title" : "Error Schema",\n  "type" : "object",\n  "properties" : {\n    "message" : { "type" : "string" }\n  }\n}',
  },
});
