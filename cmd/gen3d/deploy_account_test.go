package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"gen3d/internal/modelimage"
)

// awsAccount plays an AWS account, apart from S3. What the fake programs
// created is in files of a folder. Operations that it does not have are refused.
type awsAccount struct {
	folder string
	mu     sync.Mutex
	users  []string
	quota  float64 // of GPU instances
}

type fields = map[string]any

func (a *awsAccount) serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		switch target := r.Header.Get("X-Amz-Target"); {
		case target != "":
			var in fields
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
				t.Errorf("%s has no JSON: %v", target, err)
			}
			_, operation, _ := strings.Cut(target, ".")
			a.answer(w, operation, in)
		case r.Method == http.MethodPost && r.URL.Path == "/" && r.PostFormValue("Action") == "GetCallerIdentity":
			// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
			w.Header().Set("Content-Type", "text/xml")
			fmt.Fprint(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>")
		case r.Method == http.MethodGet && r.URL.Path == "/v2/email/account":
			// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html
			reply(w, fields{"ProductionAccessEnabled": true, "SendingEnabled": true, "EnforcementStatus": "HEALTHY"})
		case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/v2/email/identities/"):
			// pending from the first up on: a person follows the link in AWS's mail
			if !a.has("up") {
				refuse(w, http.StatusNotFound, "NotFoundException")
				return
			}
			reply(w, fields{"VerifiedForSendingStatus": false})
		default:
			refuse(w, http.StatusBadRequest, "UnknownOperationException")
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func (a *awsAccount) has(name string) bool {
	_, err := os.Stat(filepath.Join(a.folder, name))
	return err == nil
}

func (a *awsAccount) answer(w http.ResponseWriter, operation string, in fields) {
	switch operation {
	case "GetServiceQuota":
		reply(w, fields{"Quota": fields{"ServiceCode": "lambda", "QuotaCode": in["QuotaCode"], "Value": 1000}})
	case "ListServiceQuotas", "ListAWSDefaultServiceQuotas":
		reply(w, fields{"Quotas": []any{fields{"ServiceCode": "sagemaker", "QuotaName": "ml.g6e.xlarge for endpoint usage", "QuotaCode": "L-1", "Value": a.quota}}})
	case "DescribeUserPoolDomain": // free, or taken by the stack's own pool
		reply(w, fields{"DomainDescription": fields{}})
	case "GetAuthorizationToken":
		token := base64.StdEncoding.EncodeToString([]byte("AWS:registry-secret"))
		reply(w, fields{"authorizationData": []any{fields{"authorizationToken": token}}})
	case "DescribeImages":
		if !a.has("pushed") {
			refuse(w, http.StatusBadRequest, "ImageNotFoundException")
			return
		}
		reply(w, fields{"imageDetails": []any{fields{"imageDigest": "sha256:1", "imageManifestMediaType": modelimage.MediaType}}})
	case "DescribeEndpoint":
		if !a.has("endpoint") || in["EndpointName"] != "Gen3DSAMAsyncEndpoint-dev" {
			w.Header().Set("X-Amzn-Errortype", "ValidationException")
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(fields{"__type": "ValidationException", "message": "Could not find endpoint"})
			return
		}
		reply(w, fields{"EndpointName": in["EndpointName"], "EndpointStatus": "InService", "EndpointConfigName": "Config-dev-1"})
	case "DescribeEndpointConfig":
		reply(w, fields{"EndpointConfigName": in["EndpointConfigName"], "ProductionVariants": []any{}})
	case "ListEndpointConfigs":
		reply(w, fields{"EndpointConfigs": []any{fields{"EndpointConfigName": "Config-dev-1"}}})
	case "AdminGetUser":
		// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetUser.html
		name, _ := in["Username"].(string)
		if !slices.Contains(a.users, name) {
			refuse(w, http.StatusBadRequest, "UserNotFoundException")
			return
		}
		reply(w, fields{"Username": name})
	case "AdminCreateUser":
		// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html
		name, _ := in["Username"].(string)
		if slices.Contains(a.users, name) {
			refuse(w, http.StatusBadRequest, "UsernameExistsException")
			return
		}
		a.users = append(a.users, name)
		reply(w, fields{"User": fields{"Username": name}})
	default:
		refuse(w, http.StatusBadRequest, "UnknownOperationException")
	}
}

func (a *awsAccount) setQuota(quota float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.quota = quota
}

// names returns the users.
func (a *awsAccount) names() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.users)
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(body) // the client is connected
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Amzn-Errortype", code)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(fields{"__type": code, "message": code}) // as above
}
