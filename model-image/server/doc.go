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
// SageMaker's contract is documented at
// https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html:
// the container is started with the argument serve, listens on port 8080,
// answers a ping within two seconds and is killed 30 seconds after SIGTERM.
// Every response has a Content-Length, because asynchronous endpoints refuse
// responses without one
// (https://github.com/deepjavalibrary/djl-serving/issues/2567).
package server
