// Package job defines the keys, documents, limits and states that the page, the
// API, the Lambda functions and the model server share. It contains no service
// client and does no I/O, so each of them can import it.
//
// A job is one photo and the objects to be made from it. All its data is in one
// bucket:
//
//	users/{userId}/input/{jobId}/{name}.{ext}     the photo, uploaded through the API
//	users/{userId}/input/{name}.{ext}             the photo, copied in directly
//	users/{userId}/input/{jobId}/{n}.mask         the mask given for object n, there
//	                                              before the photo ([MaskFile])
//	users/{userId}/input/{name}.{ext}.{n}.mask    the same, beside a photo copied in
//	users/{userId}/output/{jobId}/upload.json     the announced upload ([Upload])
//	users/{userId}/output/{jobId}/job.json        the manifest ([Manifest])
//	users/{userId}/output/{jobId}/n.queued.json   the request for object n ([Queued])
//	users/{userId}/output/{jobId}/n.started.json  progress of object n ([Progress])
//	users/{userId}/output/{jobId}/n/mesh.glb …    its files, among them the mask that was used
//	users/{userId}/output/{jobId}/n.result.json   its outcome, written last ([Result])
//	users/{userId}/output/{jobId}/scene.glb …     the objects in their places
//	users/{userId}/output/{jobId}/scene.json      which of them, or why not ([Scene])
//	users/{userId}/output/{jobId}/notified.json   the lease on the job's mails ([Notice])
//	pending/{userId}/{jobId}                      a marker while unfinished: empty, or
//	                                              the photo's key once that is known
//	pending/{userId}/claims.json                  the user's jobs that have one of the
//	                                              places for unfinished jobs, and when
//	                                              the user started the GPU ([Claims])
//	model/times.json                              how long starts and objects took ([Times])
//
// [Ref] builds the keys; [ParsePhotoKey], [ParseMaskKey], [ParseOutputKey] and
// [ParsePendingKey] parse them. There is no database: a job's [State] is derived
// from which of these objects exist ([Snapshot]).
package job
