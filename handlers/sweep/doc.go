// Package sweep is the Lambda function that ends jobs that no other function
// will end. It runs on a schedule, reads the markers of unfinished jobs and
// performs for each job the action that its documents require:
//
//   - An object has no result although its request has ended (the queue time,
//     the processing time and a margin have passed): it gets a failed result,
//     as does an object of a refused photo. The creation of the result runs
//     Notify.
//   - Every object has a result, but the mails are not settled: a result is
//     copied onto itself, which sends its event to Notify again.
//   - The mails are settled, but the marker exists: the marker is removed.
//   - There is a photo but no manifest: the photo is copied onto itself, which
//     sends its event to Extract again. When the job is older than a request
//     can be, it gets a refusing manifest and failed results.
//   - There is a manifest, but objects were never queued: the job waits for a
//     place among its user's unfinished jobs, or Extract failed. Free places
//     are given to a user's jobs from the oldest to the newest, and the photo
//     of each job with a place is copied onto itself as above, for the longest
//     time that a request can take since the job got its place. A job that has
//     waited too long for a place ends with failed results that say so.
//   - The photo was not uploaded in time or has been deleted: the marker is
//     removed.
//
// At the end it deletes the claims of users who have had no unfinished job for a
// day.
//
// The copy of a photo has the job's ID in its metadata, so that Extract
// continues that job. Without it, a new version of a photo that was copied in
// directly would start another job.
//
// Events are sent again through S3 rather than by invoking the functions, so
// that they have the same retries and dead-letter queue. The copy has the same
// content, so the first outcome of an object stays.
//
// A late run of another function can act on the same job at the same time.
// Results and manifests are written with If-None-Match: *, so the first one
// written is final, and both functions continue from it.
package sweep
