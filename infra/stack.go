package infra

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/internal/instances"
	"gen3d/internal/modelimage"
)

// stack wires the layers of a deployment. A field is nil until its layer is
// registered, and stays nil where the stack has none.
type stack struct {
	ctx       *pulumi.Context
	cfg       Config
	env       Environment
	artifacts Artifacts
	limits    string           // of a job, as JSON
	image     modelimage.Image // of this checkout; the zero value where it is not pushed
	use       pulumi.ResourceOption

	encryption *Encryption
	network    *Network
	storage    *Storage
	identity   *Identity
	alerts     *Alerts
	mail       *Mail
	secrets    *Secrets
	registry   *Registry
	inference  *Inference
	endpoint   *Endpoint
	api        *API
	site       *Site
	client     *Client
	functions  *Functions
	dashboard  *Dashboard
	notebook   *WeightsNotebook
}

// foundation registers the layers on which all others depend.
func (s *stack) foundation() (err error) {
	protect := s.cfg.ProtectData
	if s.cfg.KMS {
		if s.encryption, err = NewEncryption(s.ctx, "encryption", &EncryptionArgs{Env: s.env, Protect: protect}, s.use); err != nil {
			return err
		}
	}
	if s.cfg.PrivateNetwork {
		if s.network, err = NewNetwork(s.ctx, "network", &NetworkArgs{Env: s.env}, s.use); err != nil {
			return err
		}
	}
	if s.storage, err = NewStorage(s.ctx, "storage", &StorageArgs{Env: s.env, Retention: s.cfg.Retention, Protect: protect, Key: s.encryption}, s.use); err != nil {
		return err
	}
	if s.identity, err = NewIdentity(s.ctx, "identity", &IdentityArgs{Env: s.env, Auth: s.cfg.Auth, Protect: protect}, s.use); err != nil {
		return err
	}
	if s.alerts, err = NewAlerts(s.ctx, "alerts", &AlertsArgs{Env: s.env, Admin: s.cfg.Email.Admin, Key: s.encryption}, s.use); err != nil {
		return err
	}
	if s.mail, err = NewMail(s.ctx, "mail", &MailArgs{Env: s.env, Email: s.cfg.Email, Alerts: s.alerts}, s.use); err != nil {
		return err
	}
	s.secrets, err = NewSecrets(s.ctx, "secrets", &SecretsArgs{Env: s.env, Token: token(s.ctx), Protect: protect}, s.use)
	return err
}

// model registers the image, the endpoint and its scaling.
func (s *stack) model() (err error) {
	if s.registry, err = NewRegistry(s.ctx, "registry", &RegistryArgs{Env: s.env, Model: s.cfg.Model, Digest: s.image.Digest, Protect: s.cfg.ProtectData}, s.use); err != nil {
		return err
	}
	if s.inference, err = NewInference(s.ctx, "inference", &InferenceArgs{
		Env: s.env, Storage: s.storage, Repository: s.registry.Repository, Network: s.network, Key: s.encryption,
	}, s.use); err != nil {
		return err
	}
	if !s.cfg.Model.Enabled {
		return nil
	}
	if s.endpoint, err = NewEndpoint(s.ctx, "endpoint", &EndpointArgs{
		Env: s.env, Model: s.cfg.Model, Scaling: s.cfg.Autoscaling, LogRetentionDays: s.cfg.LogRetentionDays, Limits: s.limits,
		Image: s.registry.Image, Storage: s.storage, Inference: s.inference, Network: s.network, Key: s.encryption,
	}, s.use); err != nil {
		return err
	}
	if s.cfg.Autoscaling.Enabled {
		_, err = NewScaling(s.ctx, "scaling", &ScalingArgs{Env: s.env, Scaling: s.cfg.Autoscaling, Endpoint: s.endpoint}, s.use)
	}
	return err
}

// front registers the gateway, CloudFront and the sign-in client.
func (s *stack) front() (err error) {
	if s.api, err = NewAPI(s.ctx, "api", &APIArgs{Env: s.env, LogRetentionDays: s.cfg.LogRetentionDays, Key: s.encryption}, s.use); err != nil {
		return err
	}
	var firewall *Firewall
	if s.cfg.WAF {
		use := s.use
		if s.env.Region != "us-east-1" {
			global, err := newProvider(s.ctx, "aws-us-east-1", "us-east-1")
			if err != nil {
				return err
			}
			use = pulumi.Provider(global)
		}
		if firewall, err = NewFirewall(s.ctx, "firewall", &FirewallArgs{Env: s.env}, use); err != nil {
			return err
		}
	}
	if s.site, err = NewSite(s.ctx, "website", &SiteArgs{
		Env: s.env, Website: s.cfg.Website, Data: s.storage.Data, API: s.api.API, Identity: s.identity, Firewall: firewall,
	}, s.use); err != nil {
		return err
	}
	s.client, err = NewClient(s.ctx, "client", &ClientArgs{Env: s.env, Pool: s.identity.Pool, Website: s.site.URL}, s.use)
	return err
}

// service registers the functions, their triggers, and the page.
func (s *stack) service() (err error) {
	if s.functions, err = NewFunctions(s.ctx, "functions", &FunctionsArgs{
		Env: s.env, Config: s.cfg, Artifacts: s.artifacts, Limits: s.limits, Storage: s.storage, Inference: s.inference, Endpoint: s.endpoint,
		Pool: s.identity.Pool, Mail: s.mail, Website: s.site.URL, Network: s.network, Key: s.encryption,
	}, s.use); err != nil {
		return err
	}
	if _, err = NewRoutes(s.ctx, "routes", &RoutesArgs{
		Env: s.env, API: s.api, Function: s.functions.API.Function, Issuer: s.identity.Issuer, ClientID: s.client.ID,
	}, s.use); err != nil {
		return err
	}
	if _, err = NewAccess(s.ctx, "access", &AccessArgs{
		Env: s.env, Data: s.storage.Data, DistributionARN: s.site.Distribution.Arn, Origin: s.site.URL,
	}, s.use); err != nil {
		return err
	}
	if _, err = NewEvents(s.ctx, "events", &EventsArgs{Env: s.env, Data: s.storage.Data, Functions: s.functions}, s.use); err != nil {
		return err
	}
	_, err = NewPage(s.ctx, "page", &PageArgs{
		Env: s.env, Limits: s.cfg.Limits, Artifacts: s.artifacts, Data: s.storage.Data, Identity: s.identity, ClientID: s.client.ID,
		Wake: instances.When(s.cfg.Autoscaling.Wake), Support: s.cfg.Email.Support, Retention: s.cfg.Retention,
	}, s.use)
	return err
}

// operations registers alarms, dashboard, budget and notebook.
func (s *stack) operations() (err error) {
	if s.cfg.Alarms {
		if _, err = NewAlarms(s.ctx, "alarms", &AlarmsArgs{
			Env: s.env, Alerts: s.alerts, API: s.api, Functions: s.functions, Endpoint: s.endpoint, Model: s.cfg.Model, Mail: s.mail,
		}, s.use); err != nil {
			return err
		}
	}
	if s.dashboard, err = NewDashboard(s.ctx, "dashboard", &DashboardArgs{
		Env: s.env, API: s.api, Functions: s.functions, Endpoint: s.endpoint, Site: s.site, Storage: s.storage,
	}, s.use); err != nil {
		return err
	}
	if s.cfg.BudgetMonthlyUSD > 0 {
		if _, err = NewBudget(s.ctx, "budget", &BudgetArgs{Env: s.env, MonthlyUSD: s.cfg.BudgetMonthlyUSD, Alerts: s.alerts}, s.use); err != nil {
			return err
		}
	}
	if s.cfg.Notebook.Enabled {
		s.notebook, err = NewNotebook(s.ctx, "notebook", &NotebookArgs{
			Env: s.env, Notebook: s.cfg.Notebook, Storage: s.storage, Registry: s.registry, Token: s.secrets.Token, Key: s.encryption,
		}, s.use)
	}
	return err
}
