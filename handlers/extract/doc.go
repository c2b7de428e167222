// Package extract is the Lambda function that starts a job. It runs when a
// photo is created under users/{userId}/input/, inspects the first and last bytes
// of the photo and of the masks that the user gave, which must be there before
// the photo, writes the job's manifest and queues a request to the endpoint for
// each object.
//
// # Retries and concurrent runs
//
// S3 delivers an event at least once, Lambda repeats it after an error or a
// crash, and a crash can happen between any two calls. The steps of a run are
// ordered so that a repeat can continue where it ended:
//
//  1. The marker pending/{userId}/{jobId}, which holds the photo's key. From
//     here on Sweep ends the job if no other function does.
//  2. The manifest, with If-None-Match: *. The first manifest is final: it
//     holds the objects and, if the photo was refused, the reason. A repeat
//     reads it and does not inspect the photo again.
//  3. If the photo is refused: the failed results, each with If-None-Match: *.
//     Otherwise: a place among the user's unfinished jobs. A job of the API has
//     had its place since it was created. If no place is free, the run ends
//     without an error and the job stays queued; Sweep sends the photo's event
//     again when a place is free.
//  4. For each object: the call to the endpoint, then the document
//     n.queued.json. The next call is made only after the document is stored. A
//     repeat skips the objects that have this document, progress or a result,
//     so it repeats at most the one call whose document is missing. The last
//     object has the document as well, so a second delivery of the event,
//     minutes later, makes no request while the first is still in the
//     endpoint's queue.
//
// There is one document for each object rather than a counter: it takes the
// same number of writes, one LIST shows them all, and concurrent runs cannot
// overwrite each other's.
//
// If two runs process one photo at once, the condition on the manifest makes
// one of them the leader. The other cannot tell a slow leader from one that has
// ended, so it lists the n.queued.json documents and takes over when none has
// been added for [Services].StallTimeout. The job is therefore not lost if the
// leader ends, even if its retry is lost as well. If the leader was only slow,
// some requests are made twice; the model server answers the second one from
// the stored result.
//
// A photo uploaded through the API has an upload document, upload.json, and the
// job's ID in its metadata. If only the upload document is missing, the job was
// deleted while its form was still valid, and the photo is deleted as well. A
// photo in that folder without the metadata was copied there and starts a
// separate job.
//
// A job can also be deleted during the run. A deletion removes the photo first, so
// the run looks for the photo after it has stored the manifest, and deletes what
// it has written if there is none. A deletion after that finds the manifest, and
// the run looks for that once more at its end.
//
// A presigned form can be used more than once, also with another photo. The
// first version whose event creates the manifest is the job's photo, and the
// manifest's source names it. The event of another version under the job's key,
// such as a copy made by Sweep, only queues the objects that have not been
// queued; then that version is deleted by its version ID. The job's photo is
// then the current version again, so the bucket's lifecycle, which expires
// noncurrent versions, does not delete it.
//
// # Errors
//
// A photo that cannot be used is not an error of the function: its objects get
// failed results with a reason for the user, and the job ends like any other. A
// failed AWS call is an error, as is an endpoint that refuses the request, for
// example because it does not exist yet. Lambda then runs the event again and
// finally sends it to the dead-letter queue.
package extract
