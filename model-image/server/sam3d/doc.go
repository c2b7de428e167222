// Package sam3d implements the model server's backend for SAM 3D Objects. The
// model runs in a Python process, the worker (model-image/worker); this package
// keeps one worker running and sends it one object at a time. A second process,
// the exporter, cleans up what the worker has made, encodes it and draws its
// preview, while the worker makes the next object.
//
// Server and processes exchange JSON messages over two pipes, file descriptors 3
// and 4 of the process, in the format that [Frame] documents. Pictures, the
// worker's arrays and files are passed in a temporary folder for each object.
// Standard output and error go to the log.
//
// Loading the model takes minutes. A worker that exits, sends an invalid
// message or exceeds an object's timeout is killed; its object fails, and the
// next one waits for a new worker, which is started immediately. A failure that
// the worker reports ends the worker only if it is marked fatal. An exporter that
// exits or exceeds an object's timeout fails only its object; the next one is
// started with the next object, in a second or two. Neither process needs the
// other: each finishes its object when the other exits.
package sam3d
