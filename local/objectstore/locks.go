package objectstore

import (
	"hash/maphash"
	"path"
	"sync"
)

// locks serialize the calls for one key, which access an object and its
// metadata in several steps: any number of readers or one writer. Keys share a
// fixed number of locks. No lock is taken while a client sends or receives a
// body: a writer takes its lock when the body is on disk, and a reader's body
// is an open file, which does not change.
//
// folders is taken after a key's lock. The gateway removes a folder with its
// last object. This must not happen between the creation of a writer's folder
// and that of its object.
//
// uploads are taken before a key's lock: by any number of parts that are added to
// a key's multipart uploads, or by one call that ends an upload.
type locks struct {
	seed    maphash.Seed
	keys    [256]sync.RWMutex
	folders sync.RWMutex
	uploads [256]sync.RWMutex
}

func newLocks() *locks { return &locks{seed: maphash.MakeSeed()} }

func (l *locks) of(bucket, key string) int {
	// Keys of the same file share a lock.
	return int(maphash.String(l.seed, path.Join(bucket, key)) % uint64(len(l.keys)))
}

// reading locks a key for a reader and returns the function that unlocks it.
func (l *locks) reading(bucket, key string) (unlock func()) {
	lock := &l.keys[l.of(bucket, key)]
	lock.RLock()
	return lock.RUnlock
}

// writing locks a key for a writer of its object, and the folders.
func (l *locks) writing(bucket, key string) (unlock func()) {
	unlockKey := l.writingKey(bucket, key)
	l.folders.RLock()
	return func() {
		l.folders.RUnlock()
		unlockKey()
	}
}

func (l *locks) writingKey(bucket, key string) (unlock func()) {
	lock := &l.keys[l.of(bucket, key)]
	lock.Lock()
	return lock.Unlock
}

// deleting locks a key for the deletion of its object and of folders that
// become empty.
func (l *locks) deleting(bucket, key string) (unlock func()) {
	lock := &l.keys[l.of(bucket, key)]
	lock.Lock()
	l.folders.Lock()
	return func() {
		l.folders.Unlock()
		lock.Unlock()
	}
}

// copying locks a key for a reader and another for a writer, always in the same
// order.
func (l *locks) copying(fromBucket, from, toBucket, to string) (unlock func()) {
	source, target := l.of(fromBucket, from), l.of(toBucket, to)
	if source == target {
		return l.writing(toBucket, to)
	}
	if source < target {
		l.keys[source].RLock()
		l.keys[target].Lock()
	} else {
		l.keys[target].Lock()
		l.keys[source].RLock()
	}
	l.folders.RLock()
	return func() {
		l.folders.RUnlock()
		l.keys[target].Unlock()
		l.keys[source].RUnlock()
	}
}

// adding locks a key's multipart uploads for a part.
func (l *locks) adding(bucket, key string) (unlock func()) {
	lock := &l.uploads[l.of(bucket, key)]
	lock.RLock()
	return lock.RUnlock
}

// ending locks a key's multipart uploads for the end of one.
func (l *locks) ending(bucket, key string) (unlock func()) {
	lock := &l.uploads[l.of(bucket, key)]
	lock.Lock()
	return lock.Unlock
}
