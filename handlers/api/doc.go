// Package api is the function behind the HTTP API: it lets a user submit a
// photo, list jobs, look at one and delete it. openapi.yaml, which it also
// serves, describes every route.
//
// Who the user is says the access token alone: the HTTP API's authorizer has
// checked it, and its sub is the user. All keys are made from that sub and a
// checked job id, so another user's job cannot even be named: it is a job that
// does not exist.
//
// No byte of a photo or mesh passes through here. Photos go to S3 by a
// presigned POST whose policy fixes key, type, size and the metadata that
// Extract reads; files come from S3 by presigned GET. Those addresses are never
// logged.
//
// A job that is deleted while objects of it are in the works stays deleted: what
// the model server writes for it later, Notify removes.
package api
