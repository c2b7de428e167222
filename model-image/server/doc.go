// Package server implements the model container's server: it answers
// SageMaker's requests and reconstructs meshes with a [Backend].
//
//	GET  /ping         200 if objects can be processed, else 503 with a reason
//	POST /invocations  processes one object: the body is the job's manifest, the
//	                   header X-Amzn-SageMaker-Custom-Attributes reads object=n
//
// An invocation fetches the photo, calls the backend, writes the files and then
// the result document, and answers with that document. The backend reconstructs
// one object at a time; meanwhile the next photo is fetched and decoded and the
// files of the previous object are encoded and written. Objects of one photo share one
// decoded picture. While a failed backend is set up again, pings fail and
// invocations wait.
//
// An object has one outcome. Any error, of the photo or of the backend, becomes
// a failed result document and status 200, because the rest of the system is
// driven by the creation of that document. Only an outcome that cannot be
// written is a 5xx, which the endpoint reports on its error topic. A repeated
// request returns the existing outcome.
//
// # What one user can cost another
//
// The endpoint's queue does not distinguish users. It has at most
// MaxConcurrentInvocationsPerInstance requests in the server, about in the order
// of arrival, and a request that the server has received cannot be put back. So
// the objects that were queued before a user's object are made before it,
// whoever sent them. The server does not change that; only the limit of
// unfinished jobs ([job.Limits.MaxUnfinished], 20 of up to 16 objects) bounds
// how many there are of one user.
//
// What the server does is to keep files that are made to be expensive from
// taking longer than others:
//
//   - Extract refuses photos that would take minutes to decode, by what it reads
//     of them: about 0.1 s of a CPU core for the most expensive photo.
//   - What Extract accepts takes at most 3.4 s of a core a photo of 50 megapixels
//     and 0.5 s a mask, also if it turns out to be damaged at its end
//     (docs/benchmarks.md).
//   - Whatever the files, fetching and decoding a photo, and likewise a mask, ends
//     after PhotoTimeout, with the decoder.
//   - A photo that cannot be decoded, or not in time, is tried once, and not for
//     each of its objects ([photos]).
//   - No request waits for another one's photo: by default there is memory to
//     decode those of all requests that the endpoint sends
//     ([Config.PhotoMemoryBytes]). A limit of the photos that are decoded for one
//     user would not help: a request that waits for it occupies one of the
//     endpoint's concurrent invocations, and the next user's request waits, too.
//
// So an object of the queue delays those behind it by the time in which it is
// made. One whose files are made to fail late delays them by up to 3.9 s of a
// core instead, several of them at the same time; docs/scaling.md assumes 60 s
// for an object that is made. Neither can be avoided in this queue.
//
// # SageMaker
//
// SageMaker's contract is documented at
// https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html:
// the container is started with the argument serve, listens on port 8080,
// answers a ping within two seconds and is killed 30 seconds after SIGTERM.
// Every response has a Content-Length, because asynchronous endpoints refuse
// responses without one
// (https://github.com/deepjavalibrary/djl-serving/issues/2567).
package server
