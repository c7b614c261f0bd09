// Runs at each start of Jenkins, and brings into force what the files beside it say.
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

// Another realm, such as LDAP, that somebody has chosen since is left alone.
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
