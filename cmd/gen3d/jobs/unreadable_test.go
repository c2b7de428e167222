package jobs_test

import (
	"strings"
	"testing"
	"time"

	"gen3d/tests/support/s3test"
)

func TestADamagedJobDoesNotHideTheOthers(t *testing.T) {
	user := s3test.User(t)
	good := submitted(t, user, time.Now().Add(-time.Minute), "cat")
	bad := submitted(t, user, time.Now(), "cat")
	succeed(t, bad, 1)
	s3test.Put(t, bad.Ref().ManifestKey(), "application/json", nil, []byte("not JSON"))
	text := pass(t, "list", "--user", user)
	if !strings.Contains(text, string(good.JobID)) || !strings.Contains(text, "job.json: the document cannot be read") {
		t.Errorf("listed\n%s", text)
	}
	if ids, _ := list(t, "--user", user, "--state", "unreadable"); len(ids) != 1 || ids[0] != bad.JobID {
		t.Errorf("unreadable: %v", ids)
	}
	if text := pass(t, "get", string(bad.JobID), "--to", t.TempDir()); !strings.Contains(text, "3 fetched") {
		t.Errorf("downloaded %s", text)
	}
	if result := run(t, "yes\n", "delete", string(bad.JobID)); result.Failure != nil || !strings.Contains(result.Err, "its documents cannot be read") {
		t.Errorf("%+v", result)
	}
	if left := append(s3test.Keys(t, bad.Ref().OutputPrefix()), s3test.Keys(t, bad.Ref().InputPrefix())...); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
