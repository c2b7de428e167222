// Package sam3d implements the model server's backend for SAM 3D Objects. The
// model runs in a Python process, the worker (model-image/worker); this package
// keeps one worker running and sends it one object at a time.
//
// Server and worker exchange JSON messages over two pipes, file descriptors 3
// and 4 of the worker, in the format that [Frame] documents. Pictures and files
// are passed in a temporary folder for each object. The worker's standard
// output and error go to the log.
//
// Loading the model takes minutes. A worker that exits, sends an invalid
// message or exceeds an object's timeout is killed; its object fails, and the
// next one waits for a new worker, which is started immediately. A failure that
// the worker reports ends the worker only if it is marked fatal.
package sam3d
