// Package sweep is the function that ends what nothing else will end. It runs on
// a schedule, goes through the markers of unfinished jobs and does for each what
// its documents show to be due:
//
//   - An object has no result although the time of its request is over (it waited
//     as long as it may, ran as long as it may, and a margin passed): a failed
//     result, as for an object of a refused photo that has none. Its creation
//     runs Notify.
//   - Every object has a result, but no mail went out: a result is copied onto
//     itself, which sends its event to Notify once more.
//   - The mail is out, but the marker stands: it is removed.
//   - There is a photo but no manifest: the photo is copied onto itself, which
//     sends its event to Extract once more. When the job is as old as a request
//     can become, it gets a manifest that says so and failed results.
//   - There is a manifest, but objects were never asked of the endpoint: the job
//     waits for a place among its user's unfinished ones, or Extract failed. Free
//     places go to a user's jobs in the order of their age, and the photo of each
//     job that has a place is copied onto itself as above, as long as a request
//     could live since it got the place. A job that has waited for a place too
//     long ends with failed results that say so.
//   - The promised photo has not come in time, or the photo is gone: the marker
//     is removed.
//
// The copy of a photo carries its job's ID in its metadata, so that Extract goes
// on with that job; a new version of a photo that was copied in directly is
// another job otherwise.
//
// Events are sent again through S3 rather than by calling the functions: that is
// the way they come anyway, with its retries and its dead-letter queue. The copy
// has the same content, so the first outcome of an object stands.
//
// All of it can meet a late run of another function. Results and manifests are
// written with If-None-Match: *, so whoever comes first decides, and both go on
// from there.
package sweep
