// Package api is the Lambda function behind the HTTP API. A user submits
// photos, lists jobs, reads one and deletes it, and can start the GPU for a
// photo that is not submitted yet. openapi.yaml, which the function also serves,
// describes every route.
//
// The user is the sub of the access token, which the HTTP API's authorizer has
// validated. All keys are built from that sub and a validated job ID, so a
// request cannot address another user's job: the answer is that the job does
// not exist.
//
// Photos, masks and meshes do not pass through the function. A photo is uploaded
// to S3 by a presigned POST, whose policy fixes the key, type, size and the
// metadata that Extract reads; a mask by another one, before the photo. The photo
// of an earlier job is copied in S3, with new metadata, and that copy starts the
// job like an upload. Files are downloaded from S3 by presigned GET. Presigned
// URLs are never logged.
//
// What a queued job waits for is derived from the endpoint's status and from the
// markers and folders of all unfinished jobs, of which only the number of
// objects is told. How long it waits is estimated from [job.Times].
//
// If a job is deleted while its objects are being processed, the model server
// can still write results. Notify removes them.
package api
