package smoke

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/signin"
	"gen3d/cmd/gen3d/target"
	"gen3d/local/directory"
	"gen3d/webapp"
)

// machine is the service on this machine, gen3d local.
type machine struct{ url string }

func (m *machine) open(ctx context.Context, r *run) (string, error) {
	r.name = "local " + m.url
	r.page = m.url
	got, err := r.get(ctx, m.url+"/operations.json", "")
	if err != nil {
		return "", &mismatch{"gen3d local at " + m.url, err.Error(), "start it with make run, or give its address with --url"}
	}
	if got.status != http.StatusOK || !got.is("application/json") {
		return "", &mismatch{"gen3d local at " + m.url, got.String(), "something else runs there; give the address of gen3d local with --url"}
	}
	return m.url, nil
}

// users chooses two of the directory's users, which are fictitious and cannot
// be added to.
func (m *machine) users(_ context.Context, r *run) (string, error) {
	known := directory.Fictitious() // the last ones: the first is the one of examples
	a, b := known[len(known)-1], known[len(known)-2]
	r.a = &user{label: "user A", name: a.Name, email: a.Email}
	r.b = &user{label: "user B", name: b.Name, email: b.Email}
	return r.a.name + " and " + r.b.name + ", which the local directory has", nil
}

func (m *machine) token(ctx context.Context, r *run, u *user) (string, error) {
	return signin.LocalThrough(ctx, r.client.Transport, m.url, u.name)
}

func (m *machine) model() string { return "" }

func (m *machine) pause() time.Duration { return 200 * time.Millisecond }

func (m *machine) look(string) string {
	return "read the output of gen3d local and " + m.url + "/operations"
}

func (m *machine) matches(webapp.Config) bool { return true }

// store opens S3, whose address is that of the form of the first job.
func (m *machine) store(r *run) error {
	address, err := url.Parse(r.first.Upload.URL)
	if err != nil || address.Host == "" {
		return &mismatch{"the address of S3 in the form", r.first.Upload.URL, m.look("api")}
	}
	r.target, err = target.Machine(m.url, address.Scheme+"://"+address.Host, r.client)
	return err
}

// mails looks for the mail about each job on the mailbox page.
func (m *machine) mails(ctx context.Context, r *run) (string, error) {
	for _, j := range r.jobs {
		if err := r.notified(ctx, j.id); err != nil {
			return "", err
		}
	}
	got, err := r.get(ctx, m.url+"/mailbox.json", "")
	if err != nil {
		return "", err
	}
	var mails []struct {
		To   []string `json:"to"`
		Text string   `json:"text"`
	}
	if got.status != http.StatusOK || json.Unmarshal(got.body, &mails) != nil {
		return "", &mismatch{"the mails in " + m.url + "/mailbox.json", fmt.Sprintf("status %d", got.status), m.look("notify")}
	}
	for _, j := range r.jobs {
		about := 0
		for _, mail := range mails {
			if slices.Equal(mail.To, []string{r.a.email}) && strings.Contains(mail.Text, r.page+"/jobs/"+j.id) {
				about++
			}
		}
		if about != 1 {
			return "", &mismatch{"1 mail to user A with the link to job " + j.id, fmt.Sprintf("%d of %d in the mailbox", about, len(mails)), m.look("notify")}
		}
	}
	return fmt.Sprintf("%s with links, in %s/mailbox", console.Count(len(r.jobs), "mail"), m.url), nil
}

func (m *machine) alarms(context.Context, *run) (string, error) {
	return "", &notApplicable{"there is no CloudWatch on one machine; see " + m.url + "/operations"}
}

// erase removes files that are left. The users stay: the directory has no
// others.
func (m *machine) erase(ctx context.Context, r *run) (string, error) {
	left, err := r.left(ctx)
	if err != nil {
		return "", err
	}
	if len(left) > 0 {
		if err := r.target.Data.Delete(ctx, left...); err != nil {
			return "", fmt.Errorf("%w; delete the jobs on the page", err)
		}
	}
	return console.Count(len(left), "file") + " left to remove", nil
}
