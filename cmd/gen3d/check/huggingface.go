package check

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"gen3d/infra/settings"
	"gen3d/internal/weights"
	"gen3d/internal/weights/hub"
	"gen3d/internal/weights/transfer"
)

// tokenKey is the stack's secret with the token.
const tokenKey = settings.Namespace + ":" + settings.TokenKey

// setToken is the command that sets the token; pulumi asks for its value.
func (w *world) setToken() string {
	return "pulumi config set --secret " + tokenKey + " --stack " + w.stack
}

func tokenSet(_ context.Context, w *world) Finding {
	_, plain := w.given.values[tokenKey]
	switch {
	case plain:
		return fix(w.setToken(), "%s is in the settings unencrypted; make a new token and set it as a secret", tokenKey)
	case w.given.encrypted[tokenKey]:
		return ok("%s is set as a secret", tokenKey)
	case os.Getenv("HF_TOKEN") != "":
		return note(w.setToken(), "HF_TOKEN is set, and the stack has no %s; set it where a notebook is to use it", tokenKey)
	}
	return w.forModel(fix(w.setToken(), "the stack has no %s and HF_TOKEN is not set; make a read token at https://huggingface.co/settings/tokens and set it", tokenKey))
}

// repositoryAccess asks the hub for the first bytes' location of a file of each
// repository, as a push does.
func repositoryAccess(ctx context.Context, w *world) Finding {
	token := strings.TrimSpace(os.Getenv("HF_TOKEN"))
	if token == "" && w.given.encrypted[tokenKey] {
		text, err := output(ctx, w.folder, "pulumi", "config", "get", tokenKey, "--stack", w.stack, "--non-interactive")
		if err != nil {
			return skip("%s cannot be decrypted (%s)", tokenKey, oneLine(err))
		}
		token = strings.TrimSpace(text)
	}
	if token == "" {
		return skip("there is no token")
	}
	once := func(context.Context, time.Duration) error { return errors.New("no time to wait") }
	client, err := hub.New(hub.Config{URL: os.Getenv("HF_ENDPOINT"), Token: token, Wait: once})
	if err != nil {
		return fix(w.setToken(), "%s", oneLine(err))
	}
	sources := weights.BuiltIn()
	sources.DINOv2 = nil // public, and known only from the weights themselves
	_, err = transfer.ReadCatalog(ctx, client, sources)
	var refused *hub.Refusal
	switch {
	case errors.As(err, &refused) && refused.Reason != hub.Failing && refused.Reason != hub.RateLimited:
		return w.forModel(fix(accessCommand(w, refused.Reason), "%s", oneLine(err)))
	case err != nil:
		return skip("Hugging Face does not answer (%s)", oneLine(err))
	}
	return ok("the token reads %s", sources.Repositories[0].Name)
}

func accessCommand(w *world, reason hub.Reason) string {
	if reason == hub.TokenRefused || reason == hub.NoToken {
		return w.setToken()
	}
	return "bin/gen3d weights plan --stack " + w.stack
}
