package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"gen3d/internal/weights"
	"gen3d/internal/weights/hub"
	"gen3d/internal/weights/site"
)

// Site is the place of the network that finds masks in the browser: the site's
// bucket ([BucketSite]) or a folder ([FolderSite]). Paths have no leading slash.
type Site interface {
	// Has reports whether the verified file is there.
	Has(ctx context.Context, path string, size int64, sha256 string) (bool, error)
	// Put stores a file that never changes.
	Put(ctx context.Context, path string, data []byte, sha256 string) error
	// PutManifest stores the manifest, in one step.
	PutManifest(ctx context.Context, data []byte) error
}

// maxNetworkFile is the maximum size of a file of the network, in bytes: it is
// in memory at once, and every user downloads it.
const maxNetworkFile = 200 << 20

// PushNetwork copies the missing files of the network to a site, and then
// writes the manifest, so that a page never loads a part of a network. A file
// is stored only if its digest equals the hub's, and the one in source if there
// is one. The files of another network stay: a page that was opened before may
// load them. stored is called after each file.
func PushNetwork(ctx context.Context, client *hub.Client, source weights.Network, to Site, stored func(path string, size int64)) (site.Network, error) {
	commit, err := client.Commit(ctx, source.Repository, source.Revision)
	if err != nil {
		return site.Network{}, err
	}
	entries, err := client.Tree(ctx, source.Repository, commit, "")
	if err != nil {
		return site.Network{}, err
	}
	var files [4]site.File
	for i, name := range source.Paths() {
		at := slices.IndexFunc(entries, func(e hub.Entry) bool { return e.Path == name })
		if at < 0 {
			return site.Network{}, fmt.Errorf("%s has no file %s: give the right name with --sources", source.Repository, name)
		}
		if files[i], err = pushNetworkFile(ctx, client, source, commit, entries[at], to, stored); err != nil {
			return site.Network{}, err
		}
	}
	network := site.Network{
		Format: site.Format, Repository: source.Repository, Commit: commit,
		Encoder: site.Model{Graph: files[0], Data: files[1]},
		Decoder: site.Model{Graph: files[2], Data: files[3]},
	}
	data, err := json.MarshalIndent(network, "", "  ")
	if err != nil {
		return site.Network{}, fmt.Errorf("writing the network's manifest: %w", err)
	}
	return network, to.PutManifest(ctx, append(data, '\n'))
}

func pushNetworkFile(ctx context.Context, client *hub.Client, source weights.Network, commit string, entry hub.Entry, to Site, stored func(string, int64)) (site.File, error) {
	if entry.Size > maxNetworkFile {
		return site.File{}, fmt.Errorf("%s of %s has %d bytes, too many for a page", entry.Path, source.Repository, entry.Size)
	}
	key := site.Folder + commit + "/" + path.Base(entry.Path)
	want := source.SHA256[entry.Path]
	if want == "" {
		want = entry.SHA256
	}
	file := File{
		Path: entry.Path, Size: entry.Size, From: source.Repository,
		Digest: digestOf(entry), remote: client.File(source.Repository, commit, entry),
	}
	if entry.SHA256 != "" && want != entry.SHA256 {
		return site.File{}, &WrongBytes{File: File{Path: entry.Path, From: source.Repository, Digest: Digest("sha256:" + want)}, Got: file.Digest}
	}
	if want != "" {
		if there, err := to.Has(ctx, key, entry.Size, want); err != nil || there {
			return site.File{Path: "/" + key, Bytes: entry.Size, SHA256: want}, err
		}
	}
	defer file.remote.Close()
	data := make([]byte, entry.Size)
	if err := fetch(ctx, file, data, 0); err != nil {
		return site.File{}, err
	}
	s := newSums(file)
	s.add(data)
	if err := s.check(file); err != nil {
		return site.File{}, err
	}
	if sum := s.sha256(); want != "" && sum != want {
		file.Digest = Digest("sha256:" + want)
		return site.File{}, &WrongBytes{File: file, Got: Digest("sha256:" + sum)}
	}
	if err := to.Put(ctx, key, data, s.sha256()); err != nil {
		return site.File{}, err
	}
	stored(entry.Path, entry.Size)
	return site.File{Path: "/" + key, Bytes: entry.Size, SHA256: s.sha256()}, nil
}

// RemoveNetwork makes the site say that it has no network. Its files stay, so
// that pages which are open go on.
func RemoveNetwork(ctx context.Context, from Site) error {
	return from.PutManifest(ctx, []byte(site.None))
}
