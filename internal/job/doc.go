// Package job is the vocabulary of Gen3D: the keys, documents, limits and
// states that the page, the API, the Lambda functions and the model server
// agree on. It holds no client of any service and does no I/O, so each of them
// can import it.
//
// A job is one photo and the objects to be made from it. Its whole life lies in
// one bucket:
//
//	users/{userId}/input/{jobId}/{name}.{ext}     the photo, posted through the API
//	users/{userId}/input/{name}.{ext}             the photo, copied in directly
//	users/{userId}/output/{jobId}/upload.json     the promise of a photo ([Upload])
//	users/{userId}/output/{jobId}/job.json        the manifest ([Manifest])
//	users/{userId}/output/{jobId}/n.queued.json   the call that queued object n ([Queued])
//	users/{userId}/output/{jobId}/n.started.json  progress of object n ([Progress])
//	users/{userId}/output/{jobId}/n/mesh.glb …    its files
//	users/{userId}/output/{jobId}/n.result.json   its outcome, written last ([Result])
//	users/{userId}/output/{jobId}/notified.json   the lease on the job's mail ([Notice])
//	pending/{userId}/{jobId}                      a marker while unfinished: empty, or
//	                                              the photo's key once that is known
//	pending/{userId}/claims.json                  the user's jobs that hold one of the
//	                                              places for unfinished jobs ([Claims])
//
// The keys are made by [Ref] and read back by [ParsePhotoKey], [ParseOutputKey]
// and [ParsePendingKey]. There is no second store: a job's [State] is derived
// from which of these exist ([Snapshot]).
package job
