// Package sam3d is the model server's backend that runs SAM 3D Objects. The
// model is Python (model-image/worker); this package keeps one process of it
// running and hands it one object at a time.
//
// The two speak over a pair of pipes of their own, file descriptors 3 and 4 of
// the worker: frames of JSON, as [Frame] says. Pictures and files lie in a folder
// that is made for each object and deleted after it. What the worker prints goes
// to the log.
//
// The worker is set up once, which takes minutes. One that ends, sends garbage
// or outlasts an object's time is killed; the object that it had fails and the
// next one waits for a new worker, which is started at once. Of the failures that
// the worker reports itself only those it calls fatal end it.
package sam3d
