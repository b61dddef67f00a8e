/** Operations that do less than AWS does, with the missing parts. */
export const partial: Readonly<Record<string, string>> = {
  CreateFunction: "zips with Node.js only: no images, layers, file systems or SnapStart; VPC settings are stored without effect",
  UpdateFunctionConfiguration: "no layers, file systems or SnapStart; VPC settings are stored without effect",
  Invoke:
    "runs on the Node.js that runs the local AWS, whatever the runtime is called; memory is limited for the JavaScript heap; no AWS SDK beside the function's own",
  PutFunctionEventInvokeConfig: "destinations: SNS topics and functions",
};
