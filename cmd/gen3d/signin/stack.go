package signin

import (
	"context"
	"fmt"
	"strings"

	"gen3d/internal/stackoutput"
)

// Stack has the outputs of a deployed stack for signing in.
type Stack struct {
	Name       string `json:"-"`
	Region     string `json:"region"`
	UserPoolID string `json:"userPoolId"`
	ClientID   string `json:"userPoolClientId"`
	WebsiteURL string `json:"websiteUrl"`
	APIURL     string `json:"apiUrl"`
}

// ReadStack reads the outputs of the stack called name; folder is as in
// [stackoutput.Read].
func ReadStack(ctx context.Context, folder, name string) (Stack, error) {
	stack := Stack{Name: name}
	if err := stackoutput.Read(ctx, folder, name, &stack); err != nil {
		return Stack{}, err
	}
	var missing []string
	for _, output := range []struct{ name, value string }{
		{"region", stack.Region},
		{"userPoolId", stack.UserPoolID},
		{"userPoolClientId", stack.ClientID},
	} {
		if output.value == "" {
			missing = append(missing, output.name)
		}
	}
	if len(missing) > 0 {
		return Stack{}, fmt.Errorf("stack %s has no output %s: deploy it first with pulumi up --stack %s", name, strings.Join(missing, ", "), name)
	}
	return stack, nil
}
