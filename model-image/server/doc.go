// Package server is the program in the model container: SageMaker's contract on
// the outside, a [Backend] that makes meshes on the inside.
//
//	GET  /ping         200 while objects can be made, else 503 with a reason
//	POST /invocations  makes one object: the body is the job's manifest, the
//	                   header X-Amzn-SageMaker-Custom-Attributes reads object=n
//
// An invocation fetches the photo, lets the backend make the mesh, writes the
// files and last the result document, and answers with that document. The
// backend has one object at a time; while it works, the next objects' photo is
// fetched and decoded and the one before is written out. Objects of one photo
// share one decoded picture. While a backend that has failed is set up again,
// the ping says so and invocations wait.
//
// An object has one outcome. Whatever goes wrong with it, be it the photo's
// fault or the backend's, becomes a failed result document and status 200: the
// document's creation is what drives the rest of the system. Only an outcome
// that cannot be written is a 5xx, which the endpoint reports on its error
// topic. A repeated request gets the outcome that stands.
//
// The contract is at
// https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html:
// the container is run with the argument serve, listens on port 8080, answers a
// ping within two seconds and is killed 30 seconds after SIGTERM. Every answer
// carries its Content-Length, without which an asynchronous endpoint refuses it
// (https://github.com/deepjavalibrary/djl-serving/issues/2567).
package server
