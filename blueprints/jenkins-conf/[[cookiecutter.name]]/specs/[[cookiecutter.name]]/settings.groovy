// Runs at each start of Jenkins and applies the settings from the files in /etc/jenkins.
import hudson.security.FullControlOnceLoggedInAuthorizationStrategy
import hudson.security.HudsonPrivateSecurityRealm
import jenkins.model.Jenkins

def read = { name ->
    def values = new Properties()
    new File('/etc/jenkins', name).withInputStream { values.load(it) }
    values
}
def settings = read('settings.properties')
def administrator = read('administrator.properties')
def jenkins = Jenkins.get()

jenkins.numExecutors = settings.executors as int

// If somebody has since chosen another realm, such as LDAP, it stays unchanged.
if (!jenkins.useSecurity) {
    jenkins.securityRealm = new HudsonPrivateSecurityRealm(false)
    def strategy = new FullControlOnceLoggedInAuthorizationStrategy()
    strategy.allowAnonymousRead = false
    jenkins.authorizationStrategy = strategy
}
if (jenkins.securityRealm instanceof HudsonPrivateSecurityRealm) {
    jenkins.securityRealm.createAccount(administrator.name, administrator.password)
}
jenkins.save()
