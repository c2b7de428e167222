// Package extract is the function that starts a job: it runs when a photo
// appears under users/{userId}/input/, checks it by its first and last bytes,
// writes the job's manifest and asks the endpoint for a mesh of each object.
//
// # Once each, whatever happens
//
// S3 delivers an event at least once, Lambda runs it again after an error or a
// crash, and a crash can fall between any two calls. What a run does is laid out
// so that a repeat finds its way:
//
//  1. The marker pending/{userId}/{jobId}, with the photo's key in it, so that
//     from here on the sweep ends the job if nothing else does.
//  2. The manifest, with If-None-Match: *. The first one stands, with its
//     objects and with why the photo was refused, if it was: a repeat acts on
//     the stored one and judges nothing anew.
//  3. For a photo refused, the failed results, each with If-None-Match: *.
//     For a good one, a place among the user's unfinished jobs, which a job of the
//     API has had since its photo was announced. Where none is free, the run ends
//     here without an error, and the job stays queued: the sweep sends the photo's
//     event again when a place is free.
//  4. Object by object: the call to the endpoint, then the note
//     n.queued.json. The next call is made only after the note is stored. So a
//     repeat that leaves out the objects with a note (or progress, or a result)
//     finishes the job, and repeats at most the one call whose note is missing.
//     The last object is noted too: a second delivery of the event, minutes
//     later while the request still waits for an instance, asks for nothing.
//
// One document an object, rather than one that counts, costs the same number of
// writes, can be seen in the one LIST that a repeat makes, and two runs at once
// cannot set it back.
//
// Two runs at once for one photo: the manifest's condition makes one of them the
// leader. The other cannot tell a leader at work from one that died, so it
// watches the notes, and when none has been added for a while ([Services].StallTimeout)
// it goes on in the leader's place. Then neither a leader's death nor the loss of
// its retry loses the job. If the leader was only slow, some requests are made
// twice, and the model server answers the second from the stored result.
//
// A photo that came through the API has a promise, upload.json, and the job's ID
// in its metadata. Where only the promise is gone, the job was deleted while its
// form was still good: the photo goes, too. A photo in that folder without the
// metadata was copied there by hand, and is a job of its own.
//
// A presigned form can be posted again, also with another photo. The first
// version whose event makes the manifest is the job's photo, which its source
// names; another one under the job's key, as the sweep's copy is too, changes
// nothing but that objects left to be asked for are, and is removed by its version
// ID. So the job's photo is the newest version once more, and the
// bucket's lifecycle, which ends old versions, does not take it.
//
// # Faults
//
// A photo that cannot be used is not an error of the function: its objects get
// failed results with a reason for the user, and the job ends like any other. An
// AWS call that fails is one, and so is an endpoint that refuses (it does not
// exist yet, say): Lambda runs the event again, and in the end it goes to the
// dead-letter queue.
package extract
