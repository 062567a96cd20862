<?xml version="1.0" encoding="UTF-8"?>
<!-- Renders Define-XML 2.0 and 2.1 with Analysis Results Metadata 1.0 as one page that needs nothing else.
     Elements and attributes of the def namespace are matched by local name: their namespace differs by version. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
  xmlns:odm="http://www.cdisc.org/ns/odm/v1.3" xmlns:arm="http://www.cdisc.org/ns/arm/v1.0"
  xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:lin="urn:spectrail:lineage"
  exclude-result-prefixes="odm arm xlink lin">
  <xsl:output method="html" encoding="UTF-8" doctype-system="about:legacy-compat" indent="no"/>

  <xsl:key name="item" match="odm:ItemDef" use="@OID"/>
  <xsl:key name="group" match="odm:ItemGroupDef" use="@OID"/>
  <xsl:key name="codelist" match="odm:CodeList" use="@OID"/>
  <xsl:key name="method" match="odm:MethodDef" use="@OID"/>
  <xsl:key name="comment" match="*[local-name()='CommentDef']" use="@OID"/>
  <xsl:key name="leaf" match="*[local-name()='leaf']" use="@ID"/>
  <xsl:key name="standard" match="*[local-name()='Standard']" use="@OID"/>
  <xsl:key name="where" match="*[local-name()='WhereClauseDef']" use="@OID"/>
  <xsl:key name="values" match="*[local-name()='ValueListDef']" use="@OID"/>
  <xsl:key name="ref-of-item" match="odm:ItemRef" use="@ItemOID"/>
  <xsl:key name="item-of-codelist" match="odm:ItemDef" use="odm:CodeListRef/@CodeListOID"/>
  <xsl:key name="item-of-values" match="odm:ItemDef" use="*[local-name()='ValueListRef']/@ValueListOID"/>
  <xsl:key name="ref-of-method" match="odm:ItemRef" use="@MethodOID"/>
  <xsl:key name="user-of-comment" match="*[@*[local-name()='CommentOID']]" use="@*[local-name()='CommentOID']"/>
  <xsl:key name="ref-of-where" match="odm:ItemRef" use="*[local-name()='WhereClauseRef']/@WhereClauseOID"/>
  <xsl:key name="result-of-group" match="arm:AnalysisDataset" use="@ItemGroupOID"/>
  <xsl:key name="lineage" match="lin:step" use="concat(@dataset, '.', @variable)"/>

  <xsl:variable name="metadata" select="/odm:ODM/odm:Study/odm:MetaDataVersion"/>
  <xsl:variable name="names" select="/odm:ODM/odm:Study/odm:GlobalVariables"/>

  <xsl:template match="/">
    <html lang="en">
      <head>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title><xsl:value-of select="$names/odm:StudyName"/> - define.xml</title>
        <link rel="icon" href="data:,"/>
        <style><xsl:call-template name="css"/></style>
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header>
          <div>
            <h1><xsl:value-of select="$names/odm:StudyName"/></h1>
            <p><xsl:value-of select="$names/odm:StudyDescription"/></p>
          </div>
          <form role="search" id="search">
            <label>Dataset <input type="search" id="find-dataset" autocomplete="off" placeholder="name or label"/></label>
            <label>Variable <input type="search" id="find-variable" autocomplete="off" placeholder="name, label, term ... ( / )"/></label>
            <output id="count" aria-live="polite"></output>
          </form>
        </header>
        <div class="page">
          <xsl:call-template name="navigation"/>
          <main id="main" tabindex="-1">
            <xsl:call-template name="about"/>
            <xsl:apply-templates select="$metadata/arm:AnalysisResultDisplays"/>
            <xsl:call-template name="datasets"/>
            <xsl:for-each select="$metadata/odm:ItemGroupDef"><xsl:call-template name="dataset"/></xsl:for-each>
            <xsl:call-template name="codelists"/>
            <xsl:call-template name="methods"/>
            <xsl:call-template name="comments"/>
          </main>
        </div>
        <script><xsl:call-template name="script"/></script>
      </body>
    </html>
  </xsl:template>

  <!-- navigation -->
  <xsl:template name="navigation">
    <nav aria-label="Contents" id="nav">
      <ul>
        <li><a href="#about">Study and standards</a></li>
        <xsl:if test="$metadata/arm:AnalysisResultDisplays"><li><a href="#analysis">Analysis results</a>
          <ul>
            <xsl:for-each select="$metadata/arm:AnalysisResultDisplays/arm:ResultDisplay">
              <li><a href="#{@OID}" title="{normalize-space(odm:Description)}"><b><xsl:value-of select="@Name"/></b><xsl:text> </xsl:text><span><xsl:value-of select="normalize-space(odm:Description)"/></span></a></li>
            </xsl:for-each>
          </ul>
        </li></xsl:if>
        <li><a href="#datasets">Datasets</a>
          <ul>
            <xsl:for-each select="$metadata/odm:ItemGroupDef">
              <li data-dataset="{@Name}"><a href="#{@OID}" title="{normalize-space(odm:Description)}"><b><xsl:value-of select="@Name"/></b><xsl:text> </xsl:text><span><xsl:value-of select="normalize-space(odm:Description)"/></span></a></li>
            </xsl:for-each>
          </ul>
        </li>
        <xsl:if test="$metadata/odm:CodeList[not(odm:ExternalCodeList)]"><li><a href="#codelists">Codelists</a></li></xsl:if>
        <xsl:if test="$metadata/odm:CodeList[odm:ExternalCodeList]"><li><a href="#dictionaries">External dictionaries</a></li></xsl:if>
        <xsl:if test="$metadata/odm:MethodDef"><li><a href="#methods">Methods</a></li></xsl:if>
        <xsl:if test="$metadata/*[local-name()='CommentDef']"><li><a href="#comments">Comments</a></li></xsl:if>
      </ul>
    </nav>
  </xsl:template>

  <!-- study, standards, documents -->
  <xsl:template name="about">
    <section id="about">
      <h2>Study and standards</h2>
      <dl>
        <dt>Study</dt><dd><xsl:value-of select="$names/odm:StudyName"/></dd>
        <dt>Protocol</dt><dd><xsl:value-of select="$names/odm:ProtocolName"/></dd>
        <dt>Metadata</dt><dd><xsl:value-of select="$metadata/@Name"/></dd>
        <xsl:if test="$metadata/@Description"><dt>Description</dt><dd class="text"><xsl:value-of select="$metadata/@Description"/></dd></xsl:if>
        <dt>Define-XML</dt><dd><xsl:value-of select="$metadata/@*[local-name()='DefineVersion']"/>, created <xsl:value-of select="/odm:ODM/@CreationDateTime"/></dd>
        <xsl:if test="$metadata/@*[local-name()='StandardName']"><dt>Standard</dt><dd><xsl:value-of select="$metadata/@*[local-name()='StandardName']"/><xsl:text> </xsl:text><xsl:value-of select="$metadata/@*[local-name()='StandardVersion']"/></dd></xsl:if>
      </dl>
      <xsl:for-each select="$metadata/@*[local-name()='CommentOID']"><xsl:call-template name="comment-link"/></xsl:for-each>
      <xsl:if test="$metadata/*[local-name()='Standards']">
        <div class="wide"><table>
          <thead><tr><th>Standard</th><th>Type</th><th>Version</th><th>Status</th><th>Comment</th></tr></thead>
          <tbody>
            <xsl:for-each select="$metadata/*[local-name()='Standards']/*">
              <tr id="{@OID}"><td><xsl:value-of select="@Name"/><xsl:if test="@PublishingSet"><xsl:text> </xsl:text><xsl:value-of select="@PublishingSet"/></xsl:if></td><td><xsl:value-of select="@Type"/></td><td><xsl:value-of select="@Version"/></td><td><xsl:value-of select="@Status"/></td><td><xsl:for-each select="@*[local-name()='CommentOID']"><xsl:call-template name="comment-link"/></xsl:for-each></td></tr>
            </xsl:for-each>
          </tbody>
        </table></div>
      </xsl:if>
      <xsl:if test="$metadata/*[local-name()='leaf']">
        <h3>Documents</h3>
        <ul class="plain">
          <xsl:for-each select="$metadata/*[local-name()='leaf']">
            <li id="{@ID}"><xsl:call-template name="link-to"><xsl:with-param name="href" select="@xlink:href"/><xsl:with-param name="text" select="*[local-name()='title']"/></xsl:call-template></li>
          </xsl:for-each>
        </ul>
      </xsl:if>
    </section>
  </xsl:template>

  <!-- analysis results -->
  <xsl:template match="arm:AnalysisResultDisplays">
    <section id="analysis">
      <h2>Analysis results</h2>
      <div class="wide"><table class="summary">
        <thead><tr><th>Display</th><th>Title</th><th>Results</th></tr></thead>
        <tbody>
          <xsl:for-each select="arm:ResultDisplay">
            <tr>
              <th scope="row"><a href="#{@OID}"><xsl:value-of select="@Name"/></a></th>
              <td><xsl:value-of select="normalize-space(odm:Description)"/><xsl:call-template name="documents"/></td>
              <td><xsl:for-each select="arm:AnalysisResult"><div><a href="#{@OID}"><xsl:value-of select="normalize-space(odm:Description)"/></a></div></xsl:for-each></td>
            </tr>
          </xsl:for-each>
        </tbody>
      </table></div>
      <xsl:for-each select="arm:ResultDisplay">
        <article id="{@OID}">
          <h3><xsl:value-of select="@Name"/>: <xsl:value-of select="normalize-space(odm:Description)"/></h3>
          <xsl:call-template name="documents"/>
          <xsl:for-each select="arm:AnalysisResult">
            <div class="result" id="{@OID}">
              <h4><xsl:value-of select="normalize-space(odm:Description)"/></h4>
              <dl>
                <xsl:if test="@ParameterOID"><dt>Parameter</dt><dd>
                  <xsl:variable name="parameter" select="@ParameterOID"/>
                  <xsl:for-each select="key('item', $parameter)"><xsl:call-template name="item-links"/></xsl:for-each>
                  <xsl:variable name="checks" select="key('where', arm:AnalysisDatasets/arm:AnalysisDataset/*[local-name()='WhereClauseRef']/@WhereClauseOID)/odm:RangeCheck[@*[local-name()='ItemOID']=$parameter]"/>
                  <xsl:for-each select="$checks/odm:CheckValue"><xsl:choose><xsl:when test="position() = 1">: </xsl:when><xsl:otherwise>, </xsl:otherwise></xsl:choose><q><xsl:value-of select="."/></q></xsl:for-each>
                </dd></xsl:if>
                <dt>Reason</dt><dd><xsl:value-of select="@AnalysisReason"/></dd>
                <dt>Purpose</dt><dd><xsl:value-of select="@AnalysisPurpose"/></dd>
                <xsl:for-each select="arm:AnalysisDatasets/arm:AnalysisDataset">
                  <dt>Data</dt><dd>
                    <a href="#{@ItemGroupOID}"><xsl:value-of select="key('group', @ItemGroupOID)/@Name"/></a>
                    <xsl:for-each select="*[local-name()='WhereClauseRef']"><xsl:text> where </xsl:text><xsl:apply-templates select="key('where', @WhereClauseOID)" mode="where"/></xsl:for-each>
                    <xsl:if test="arm:AnalysisVariable"><br/>Variables:
                      <xsl:variable name="home" select="@ItemGroupOID"/>
                      <xsl:for-each select="arm:AnalysisVariable"><xsl:if test="position() &gt; 1">, </xsl:if><a href="#{$home}.{@ItemOID}"><xsl:value-of select="key('item', @ItemOID)/@Name"/></a></xsl:for-each>
                    </xsl:if>
                  </dd>
                </xsl:for-each>
                <xsl:for-each select="arm:AnalysisDatasets/@*[local-name()='CommentOID']"><dt>Join</dt><dd><xsl:call-template name="comment-link"/></dd></xsl:for-each>
                <xsl:for-each select="arm:Documentation"><dt>Documentation</dt><dd class="text"><xsl:value-of select="normalize-space(odm:Description)"/><xsl:call-template name="documents"/></dd></xsl:for-each>
                <xsl:for-each select="arm:ProgrammingCode"><dt>Code<xsl:if test="@Context"> (<xsl:value-of select="@Context"/>)</xsl:if></dt><dd><xsl:if test="arm:Code"><pre><xsl:value-of select="arm:Code"/></pre></xsl:if><xsl:call-template name="documents"/></dd></xsl:for-each>
              </dl>
            </div>
          </xsl:for-each>
        </article>
      </xsl:for-each>
    </section>
  </xsl:template>

  <!-- list of datasets -->
  <xsl:template name="datasets">
    <section id="datasets">
      <h2>Datasets</h2>
      <div class="wide"><table>
        <thead><tr><th>Dataset</th><th>Label</th><th>Class</th><th>Structure</th><th>Purpose</th><th>Keys</th><th>Location</th></tr></thead>
        <tbody>
          <xsl:for-each select="$metadata/odm:ItemGroupDef">
            <tr data-dataset="{@Name}">
              <th scope="row"><a href="#{@OID}"><xsl:value-of select="@Name"/></a></th>
              <td><xsl:value-of select="normalize-space(odm:Description)"/><xsl:for-each select="key('comment', @*[local-name()='CommentOID'])"><xsl:text> </xsl:text><a class="more" href="#{@OID}" title="{normalize-space(odm:Description)}">comment</a></xsl:for-each></td>
              <td><xsl:call-template name="class"/></td>
              <td><xsl:value-of select="@*[local-name()='Structure']"/></td>
              <td><xsl:value-of select="@Purpose"/></td>
              <td><xsl:call-template name="keys"/></td>
              <td><xsl:call-template name="file"/></td>
            </tr>
          </xsl:for-each>
        </tbody>
      </table></div>
    </section>
  </xsl:template>

  <xsl:template name="class">
    <xsl:value-of select="@*[local-name()='Class']"/>
    <xsl:value-of select="*[local-name()='Class']/@Name"/>
    <xsl:for-each select="*[local-name()='Class']/*[local-name()='SubClass']"><br/><small><xsl:value-of select="@Name"/></small></xsl:for-each>
  </xsl:template>

  <xsl:template name="keys">
    <xsl:for-each select="odm:ItemRef[@KeySequence]">
      <xsl:sort select="@KeySequence" data-type="number"/>
      <xsl:if test="position() &gt; 1">, </xsl:if><a href="#{../@OID}.{@ItemOID}"><xsl:value-of select="key('item', @ItemOID)/@Name"/></a>
    </xsl:for-each>
  </xsl:template>

  <xsl:template name="file">
    <xsl:for-each select="*[local-name()='leaf']"><xsl:call-template name="link-to"><xsl:with-param name="href" select="@xlink:href"/><xsl:with-param name="text" select="*[local-name()='title']"/></xsl:call-template></xsl:for-each>
    <xsl:if test="@*[local-name()='HasNoData']='Yes'"><em>no data</em></xsl:if>
  </xsl:template>

  <!-- one dataset -->
  <xsl:template name="dataset">
    <xsl:variable name="group" select="."/>
    <section class="dataset" id="{@OID}" data-dataset="{@Name}" data-label="{normalize-space(odm:Description)}">
      <h2><xsl:value-of select="@Name"/><xsl:text> </xsl:text><small><xsl:value-of select="normalize-space(odm:Description)"/></small></h2>
      <p class="facts">
        <xsl:call-template name="class"/><xsl:text> &#183; </xsl:text><xsl:value-of select="@*[local-name()='Structure']"/>
        <xsl:if test="@Purpose"> &#183; <xsl:value-of select="@Purpose"/></xsl:if>
        <xsl:for-each select="key('standard', @*[local-name()='StandardOID'])"> &#183; <a href="#{@OID}"><xsl:value-of select="@Name"/><xsl:text> </xsl:text><xsl:value-of select="@Version"/></a></xsl:for-each>
        <xsl:if test="@IsReferenceData='Yes'"> &#183; reference data</xsl:if>
        <xsl:text> &#183; </xsl:text><xsl:call-template name="file"/>
      </p>
      <xsl:for-each select="@*[local-name()='CommentOID']"><xsl:call-template name="comment-link"/></xsl:for-each>
      <xsl:if test="key('result-of-group', @OID)"><p class="facts">Used by analysis results:
        <xsl:for-each select="$metadata/arm:AnalysisResultDisplays/arm:ResultDisplay[arm:AnalysisResult/arm:AnalysisDatasets/arm:AnalysisDataset/@ItemGroupOID = $group/@OID]"><xsl:if test="position() &gt; 1">, </xsl:if><a href="#{@OID}"><xsl:value-of select="@Name"/></a></xsl:for-each></p></xsl:if>
      <div class="wide"><table class="variables">
        <thead><tr><th>Variable</th><th>Label</th><th>Type</th><th><xsl:choose><xsl:when test="odm:ItemRef/@Role">Key, role</xsl:when><xsl:otherwise>Key</xsl:otherwise></xsl:choose></th><th>Terms or format</th><th>Origin</th><th>Method, comment</th></tr></thead>
        <tbody>
          <xsl:for-each select="odm:ItemRef">
            <xsl:sort select="@OrderNumber" data-type="number"/>
            <xsl:variable name="ref" select="."/>
            <xsl:for-each select="key('item', @ItemOID)">
              <tr class="variable" id="{$group/@OID}.{@OID}">
                <th scope="row"><xsl:value-of select="@Name"/><xsl:for-each select="*[local-name()='ValueListRef']"><br/><a class="vlm" href="#{$group/@OID}.{@ValueListOID}">value levels</a></xsl:for-each></th>
                <td><xsl:value-of select="normalize-space(odm:Description)"/></td>
                <xsl:call-template name="cells"><xsl:with-param name="ref" select="$ref"/><xsl:with-param name="lineage" select="concat($group/@Name, '.', @Name)"/></xsl:call-template>
              </tr>
            </xsl:for-each>
          </xsl:for-each>
        </tbody>
      </table></div>
      <xsl:for-each select="odm:ItemRef">
        <xsl:variable name="item" select="key('item', @ItemOID)"/>
        <xsl:for-each select="key('values', $item/*[local-name()='ValueListRef']/@ValueListOID)">
          <xsl:call-template name="value-list"><xsl:with-param name="group" select="$group"/><xsl:with-param name="item" select="$item"/></xsl:call-template>
        </xsl:for-each>
      </xsl:for-each>
      <p class="top"><a href="#datasets">All datasets</a></p>
    </section>
  </xsl:template>

  <xsl:template name="value-list">
    <xsl:param name="group"/><xsl:param name="item"/>
    <div class="values" id="{$group/@OID}.{@OID}">
      <h3>Value levels of <a href="#{$group/@OID}.{$item/@OID}"><xsl:value-of select="$group/@Name"/>.<xsl:value-of select="$item/@Name"/></a></h3>
      <div class="wide"><table class="variables">
        <thead><tr><th>Where</th><th>Label</th><th>Type</th><th>Terms or format</th><th>Origin</th><th>Method, comment</th></tr></thead>
        <tbody>
          <xsl:for-each select="odm:ItemRef">
            <xsl:sort select="@OrderNumber" data-type="number"/>
            <xsl:variable name="ref" select="."/>
            <tr class="variable" id="{$group/@OID}.{@ItemOID}">
              <td class="where"><xsl:for-each select="*[local-name()='WhereClauseRef']"><xsl:if test="position() &gt; 1"><br/>or </xsl:if><xsl:apply-templates select="key('where', @WhereClauseOID)" mode="where"><xsl:with-param name="home" select="$group"/></xsl:apply-templates></xsl:for-each></td>
              <xsl:for-each select="key('item', @ItemOID)">
                <td><xsl:value-of select="normalize-space(odm:Description)"/></td>
                <xsl:call-template name="cells"><xsl:with-param name="ref" select="$ref"/><xsl:with-param name="lineage" select="concat($group/@Name, '.', $item/@Name, '.', @Name)"/><xsl:with-param name="keyed" select="false()"/></xsl:call-template>
              </xsl:for-each>
            </tr>
          </xsl:for-each>
        </tbody>
      </table></div>
    </div>
  </xsl:template>

  <!-- type, key, terms, origin, method of an item; context: ItemDef -->
  <xsl:template name="cells">
    <xsl:param name="ref"/><xsl:param name="lineage"/><xsl:param name="keyed" select="true()"/>
    <td class="type"><xsl:value-of select="@DataType"/><xsl:if test="@Length"><xsl:text> </xsl:text><xsl:value-of select="@Length"/><xsl:if test="@SignificantDigits">.<xsl:value-of select="@SignificantDigits"/></xsl:if></xsl:if><xsl:if test="$ref/@Mandatory='Yes'"><br/><small>mandatory</small></xsl:if><xsl:if test="$ref/@*[local-name()='HasNoData']='Yes'"><br/><em>no data</em></xsl:if></td>
    <xsl:if test="$keyed"><td><xsl:value-of select="$ref/@KeySequence"/><xsl:if test="$ref/@Role"><small><xsl:text> </xsl:text><xsl:value-of select="$ref/@Role"/></small></xsl:if></td></xsl:if>
    <td>
      <xsl:for-each select="key('codelist', odm:CodeListRef/@CodeListOID)">
        <a href="#{@OID}"><xsl:value-of select="@Name"/></a>
        <xsl:if test="count(odm:CodeListItem|odm:EnumeratedItem) &lt;= 4">
          <ul class="terms"><xsl:for-each select="odm:CodeListItem|odm:EnumeratedItem"><li><xsl:value-of select="@CodedValue"/><xsl:if test="odm:Decode and normalize-space(odm:Decode) != @CodedValue"> = <xsl:value-of select="normalize-space(odm:Decode)"/></xsl:if></li></xsl:for-each></ul>
        </xsl:if>
      </xsl:for-each>
      <xsl:if test="@*[local-name()='DisplayFormat']"><code><xsl:value-of select="@*[local-name()='DisplayFormat']"/></code></xsl:if>
    </td>
    <td><xsl:for-each select="*[local-name()='Origin']">
      <div><xsl:value-of select="@Type"/><xsl:if test="@Source"><small> (<xsl:value-of select="@Source"/>)</small></xsl:if>
      <xsl:if test="odm:Description"><div class="text"><xsl:value-of select="normalize-space(odm:Description)"/></div></xsl:if><xsl:call-template name="documents"/></div>
    </xsl:for-each></td>
    <td>
      <xsl:for-each select="key('method', $ref/@MethodOID)">
        <xsl:variable name="text" select="string(odm:Description/odm:TranslatedText)"/>
        <xsl:choose>
          <xsl:when test="string-length($text) &gt; 600"><a class="more" href="#{@OID}"><xsl:value-of select="@Name"/></a><details class="long"><summary>Method text</summary><div class="text"><xsl:value-of select="$text"/></div></details></xsl:when>
          <xsl:otherwise><div class="text"><xsl:value-of select="$text"/><xsl:text> </xsl:text><a class="more" href="#{@OID}">method</a></div></xsl:otherwise>
        </xsl:choose>
      </xsl:for-each>
      <xsl:for-each select="@*[local-name()='CommentOID']"><xsl:call-template name="comment-link"/></xsl:for-each>
      <xsl:if test="key('lineage', $lineage)">
        <details class="lineage"><summary>Lineage</summary><ol>
          <xsl:for-each select="key('lineage', $lineage)">
            <li value="{@step}"><code><xsl:value-of select="@algorithm"/></code><xsl:if test="lin:source"> from <xsl:for-each select="lin:source"><xsl:if test="position() &gt; 1">, </xsl:if><code class="source"><xsl:value-of select="."/></code></xsl:for-each></xsl:if><xsl:if test="@when"> when <code><xsl:value-of select="@when"/></code></xsl:if><xsl:if test="@method">: <xsl:value-of select="@method"/></xsl:if><small> (<xsl:value-of select="@filled"/> records)</small></li>
          </xsl:for-each>
        </ol></details>
      </xsl:if>
    </td>
  </xsl:template>

  <!-- where clauses -->
  <xsl:template match="*" mode="where">
    <xsl:param name="home" select="/.."/>
    <span class="condition">
      <xsl:for-each select="odm:RangeCheck">
        <xsl:variable name="oid" select="@*[local-name()='ItemOID']"/>
        <xsl:variable name="item" select="key('item', $oid)"/>
        <xsl:variable name="owner" select="$home[odm:ItemRef/@ItemOID=$oid] | key('ref-of-item', $oid)/parent::odm:ItemGroupDef[not($home[odm:ItemRef/@ItemOID=$oid])][1]"/>
        <xsl:if test="position() &gt; 1"> and </xsl:if>
        <a href="#{$owner/@OID}.{$oid}"><xsl:if test="$home and $owner/@OID != $home/@OID"><xsl:value-of select="$owner/@Name"/>.</xsl:if><xsl:value-of select="$item/@Name"/><xsl:if test="not($item)"><xsl:value-of select="$oid"/></xsl:if></a>
        <xsl:text> </xsl:text>
        <xsl:choose>
          <xsl:when test="@Comparator='EQ'">=</xsl:when><xsl:when test="@Comparator='NE'">&#8800;</xsl:when>
          <xsl:when test="@Comparator='LT'">&lt;</xsl:when><xsl:when test="@Comparator='LE'">&#8804;</xsl:when>
          <xsl:when test="@Comparator='GT'">&gt;</xsl:when><xsl:when test="@Comparator='GE'">&#8805;</xsl:when>
          <xsl:when test="@Comparator='NOTIN'">not in</xsl:when><xsl:otherwise>in</xsl:otherwise>
        </xsl:choose>
        <xsl:text> </xsl:text>
        <xsl:if test="count(odm:CheckValue) &gt; 1">(</xsl:if>
        <xsl:for-each select="odm:CheckValue"><xsl:if test="position() &gt; 1">, </xsl:if>
          <xsl:variable name="value" select="string(.)"/>
          <xsl:variable name="decode" select="normalize-space(key('codelist', $item/odm:CodeListRef/@CodeListOID)/odm:CodeListItem[@CodedValue=$value]/odm:Decode)"/>
          <q><xsl:value-of select="."/></q><xsl:if test="$decode and $decode != $value"><small> (<xsl:value-of select="$decode"/>)</small></xsl:if>
        </xsl:for-each>
        <xsl:if test="count(odm:CheckValue) &gt; 1">)</xsl:if>
      </xsl:for-each>
      <xsl:for-each select="key('comment', @*[local-name()='CommentOID'])"><xsl:text> </xsl:text><a class="more" href="#{@OID}" title="{normalize-space(odm:Description)}">comment</a></xsl:for-each>
    </span>
  </xsl:template>

  <!-- codelists, methods, comments -->
  <xsl:template name="codelists">
    <xsl:if test="$metadata/odm:CodeList[not(odm:ExternalCodeList)]">
      <section id="codelists"><h2>Codelists</h2>
        <xsl:for-each select="$metadata/odm:CodeList[not(odm:ExternalCodeList)]"><xsl:call-template name="codelist"/></xsl:for-each>
      </section>
    </xsl:if>
    <xsl:if test="$metadata/odm:CodeList[odm:ExternalCodeList]">
      <section id="dictionaries"><h2>External dictionaries</h2>
        <xsl:for-each select="$metadata/odm:CodeList[odm:ExternalCodeList]"><xsl:call-template name="codelist"/></xsl:for-each>
      </section>
    </xsl:if>
  </xsl:template>

  <xsl:template name="codelist">
      <article class="codelist" id="{@OID}">
        <h3><xsl:value-of select="@Name"/><xsl:for-each select="odm:Alias[@Context='nci:ExtCodeID']"><xsl:text> </xsl:text><small><xsl:value-of select="@Name"/></small></xsl:for-each></h3>
        <p class="facts"><xsl:value-of select="@DataType"/>
          <xsl:for-each select="key('standard', @*[local-name()='StandardOID'])"> &#183; <a href="#{@OID}"><xsl:value-of select="@Name"/><xsl:text> </xsl:text><xsl:value-of select="@PublishingSet"/><xsl:text> </xsl:text><xsl:value-of select="@Version"/></a></xsl:for-each>
          <xsl:if test="@*[local-name()='IsNonStandard']='Yes'"> &#183; sponsor's own</xsl:if>
          <xsl:if test="odm:Description"> &#183; <xsl:value-of select="normalize-space(odm:Description)"/></xsl:if></p>
        <xsl:for-each select="odm:ExternalCodeList"><p><xsl:value-of select="@Dictionary"/><xsl:text> </xsl:text><xsl:value-of select="@Version"/><xsl:if test="@href"><xsl:text> </xsl:text><xsl:call-template name="link-to"><xsl:with-param name="href" select="@href"/><xsl:with-param name="text" select="@href"/></xsl:call-template></xsl:if></p></xsl:for-each>
        <xsl:if test="odm:CodeListItem|odm:EnumeratedItem">
          <div class="wide"><table class="codes"><thead><tr><th>Term</th><xsl:if test="odm:CodeListItem"><th>Decode</th></xsl:if><th>NCI code</th></tr></thead><tbody>
            <xsl:for-each select="odm:CodeListItem|odm:EnumeratedItem">
              <tr><td><xsl:value-of select="@CodedValue"/><xsl:if test="@*[local-name()='ExtendedValue']='Yes'"><small> extended</small></xsl:if></td><xsl:if test="../odm:CodeListItem"><td><xsl:value-of select="normalize-space(odm:Decode)"/></td></xsl:if><td><xsl:value-of select="odm:Alias[@Context='nci:ExtCodeID']/@Name"/></td></tr>
            </xsl:for-each>
          </tbody></table></div>
        </xsl:if>
        <xsl:for-each select="@*[local-name()='CommentOID']"><xsl:call-template name="comment-link"/></xsl:for-each>
        <p class="users">Used by <xsl:for-each select="key('item-of-codelist', @OID)"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:call-template name="item-links"/></xsl:for-each></p>
      </article>
  </xsl:template>

  <xsl:template name="methods">
    <xsl:if test="$metadata/odm:MethodDef">
      <section id="methods"><h2>Methods</h2>
        <xsl:for-each select="$metadata/odm:MethodDef">
          <article class="method" id="{@OID}">
            <h3><xsl:value-of select="@Name"/><xsl:text> </xsl:text><small><xsl:value-of select="@Type"/></small></h3>
            <p class="text"><xsl:value-of select="odm:Description/odm:TranslatedText"/></p>
            <xsl:for-each select="odm:FormalExpression"><p class="facts"><xsl:value-of select="@Context"/></p><pre><xsl:value-of select="."/></pre></xsl:for-each>
            <xsl:call-template name="documents"/>
            <p class="users">Used by <xsl:for-each select="key('ref-of-method', @OID)"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:call-template name="ref-link"/></xsl:for-each></p>
          </article>
        </xsl:for-each>
      </section>
    </xsl:if>
  </xsl:template>

  <xsl:template name="comments">
    <xsl:if test="$metadata/*[local-name()='CommentDef']">
      <section id="comments"><h2>Comments</h2>
        <xsl:for-each select="$metadata/*[local-name()='CommentDef']">
          <article class="comment" id="{@OID}">
            <p class="text"><xsl:value-of select="odm:Description/odm:TranslatedText"/></p>
            <xsl:call-template name="documents"/>
            <p class="users">Used by <xsl:for-each select="key('user-of-comment', @OID)"><xsl:if test="position() &gt; 1">, </xsl:if>
              <xsl:choose>
                <xsl:when test="self::odm:ItemDef"><xsl:call-template name="item-links"/></xsl:when>
                <xsl:when test="local-name()='WhereClauseDef'"><xsl:for-each select="key('ref-of-where', @OID)"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:call-template name="ref-link"/></xsl:for-each></xsl:when>
                <xsl:when test="self::odm:MetaDataVersion"><a href="#about">study</a></xsl:when>
                <xsl:when test="self::arm:AnalysisDatasets"><a href="#{../@OID}"><xsl:value-of select="../../@Name"/></a></xsl:when>
                <xsl:when test="@OID"><a href="#{@OID}"><xsl:value-of select="@Name"/><xsl:if test="not(@Name)"><xsl:value-of select="@OID"/></xsl:if></a></xsl:when>
                <xsl:otherwise><xsl:value-of select="name()"/></xsl:otherwise>
              </xsl:choose>
            </xsl:for-each></p>
          </article>
        </xsl:for-each>
      </section>
    </xsl:if>
  </xsl:template>

  <!-- links back; context: ItemDef -->
  <xsl:template name="item-links">
    <xsl:for-each select="key('ref-of-item', @OID)"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:call-template name="ref-link"/></xsl:for-each>
  </xsl:template>

  <!-- context: ItemRef of a dataset or of a value list -->
  <xsl:template name="ref-link">
    <xsl:variable name="ref" select="."/>
    <xsl:choose>
      <xsl:when test="parent::odm:ItemGroupDef"><a href="#{../@OID}.{@ItemOID}"><xsl:value-of select="../@Name"/>.<xsl:value-of select="key('item', @ItemOID)/@Name"/></a></xsl:when>
      <xsl:otherwise>
        <xsl:for-each select="key('item-of-values', ../@OID)">
          <xsl:variable name="parent" select="@Name"/>
          <xsl:for-each select="key('ref-of-item', @OID)/parent::odm:ItemGroupDef"><a href="#{@OID}.{$ref/@ItemOID}"><xsl:value-of select="@Name"/>.<xsl:value-of select="$parent"/> (value level)</a></xsl:for-each>
        </xsl:for-each>
      </xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- context: attribute CommentOID -->
  <xsl:template name="comment-link">
    <xsl:for-each select="key('comment', .)"><div class="text note"><xsl:value-of select="odm:Description/odm:TranslatedText"/><xsl:text> </xsl:text><a class="more" href="#{@OID}">comment</a></div></xsl:for-each>
  </xsl:template>

  <!-- document references with pages; context: their parent -->
  <xsl:template name="documents">
    <xsl:for-each select="*[local-name()='DocumentRef']">
      <xsl:variable name="leaf" select="key('leaf', @leafID)"/>
      <div class="doc">
        <xsl:call-template name="link-to"><xsl:with-param name="href" select="$leaf/@xlink:href"/><xsl:with-param name="text" select="$leaf/*[local-name()='title']"/></xsl:call-template>
        <xsl:for-each select="*[local-name()='PDFPageRef']">
          <xsl:text> </xsl:text>
          <xsl:if test="@Title"><xsl:value-of select="@Title"/><xsl:text> </xsl:text></xsl:if>
          <xsl:choose>
            <xsl:when test="@PageRefs"><xsl:call-template name="pages"><xsl:with-param name="pages" select="normalize-space(@PageRefs)"/><xsl:with-param name="type" select="@Type"/><xsl:with-param name="href" select="$leaf/@xlink:href"/></xsl:call-template></xsl:when>
            <xsl:otherwise>pages <xsl:call-template name="link-to"><xsl:with-param name="href" select="concat($leaf/@xlink:href, '#page=', @FirstPage)"/><xsl:with-param name="text" select="concat(@FirstPage, '-', @LastPage)"/></xsl:call-template></xsl:otherwise>
          </xsl:choose>
        </xsl:for-each>
      </div>
    </xsl:for-each>
  </xsl:template>

  <xsl:template name="pages">
    <xsl:param name="pages"/><xsl:param name="type"/><xsl:param name="href"/>
    <xsl:variable name="first" select="substring-before(concat($pages, ' '), ' ')"/>
    <xsl:variable name="fragment"><xsl:choose><xsl:when test="$type='PhysicalRef'">page=</xsl:when><xsl:otherwise>nameddest=</xsl:otherwise></xsl:choose></xsl:variable>
    <xsl:call-template name="link-to"><xsl:with-param name="href" select="concat($href, '#', $fragment, $first)"/><xsl:with-param name="text" select="$first"/></xsl:call-template>
    <xsl:if test="contains($pages, ' ')"><xsl:text> </xsl:text><xsl:call-template name="pages"><xsl:with-param name="pages" select="substring-after($pages, ' ')"/><xsl:with-param name="type" select="$type"/><xsl:with-param name="href" select="$href"/></xsl:call-template></xsl:if>
  </xsl:template>

  <!-- a link only where it leads to a file beside this one or to a web page: no scripts -->
  <xsl:template name="link-to">
    <xsl:param name="href"/><xsl:param name="text"/>
    <xsl:variable name="plain" select="normalize-space(translate($href, '&#9;&#10;&#13;', ''))"/>
    <xsl:variable name="before" select="substring-before(concat($plain, '#'), '#')"/>
    <xsl:choose>
      <xsl:when test="$plain='' or (contains($before, ':') and not(starts-with($plain, 'http://') or starts-with($plain, 'https://'))) or starts-with($plain, '/') or contains($plain, '\')"><xsl:value-of select="$text"/></xsl:when>
      <xsl:otherwise><a href="{$plain}"><xsl:value-of select="$text"/></a></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="css"><xsl:text disable-output-escaping="yes"><![CDATA[
:root{--ink:#1b2733;--soft:#5b6b7b;--line:#d8dfe6;--back:#f5f7f9;--blue:#0b5cad;--mark:#fff3bf}
*{box-sizing:border-box}
html{scroll-padding-top:5.2rem}
body{margin:0;font:15px/1.45 system-ui,"Segoe UI",Helvetica,Arial,sans-serif;color:var(--ink);background:#fff}
a{color:var(--blue);text-decoration:none}a:hover{text-decoration:underline}
a:focus-visible,input:focus-visible,summary:focus-visible{outline:3px solid #f59f00;outline-offset:2px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:#fff;padding:.5rem;z-index:9}
header{position:sticky;top:0;z-index:5;display:flex;gap:2rem;justify-content:space-between;align-items:center;padding:.55rem 1.2rem;background:#12324f;color:#fff}
header>div{min-width:0}
header h1{font-size:1.15rem;margin:0}header p{margin:0;font-size:.82rem;opacity:.85;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
form{display:flex;gap:1rem;align-items:center;font-size:.82rem;flex:none}
input{font:inherit;padding:.35rem .5rem;border:1px solid #8aa;border-radius:4px;width:14rem}
output{min-width:7.5rem;text-align:right}
.page{display:grid;grid-template-columns:17rem minmax(0,1fr)}
nav{position:sticky;top:3.6rem;height:calc(100vh - 3.6rem);overflow:auto;border-right:1px solid var(--line);background:var(--back);padding:.8rem 0 2rem}
nav ul{list-style:none;margin:0;padding:0}nav a{display:block;padding:.22rem 1rem}
nav ul ul a{display:flex;gap:.6rem;font-size:.85rem;padding:.16rem 1rem .16rem 1.4rem}nav ul ul b{flex:0 0 4.9rem}
nav ul ul span{color:var(--soft);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
nav a:hover,nav a.here{background:#e3ebf3;text-decoration:none}
main{padding:1rem 1.6rem 6rem;min-width:0;outline:none}
section{margin-bottom:2.4rem}article{margin-bottom:1.4rem}
h2{font-size:1.3rem;margin:.4rem 0 .5rem;padding-bottom:.25rem;border-bottom:2px solid #12324f}
h2 small,h3 small{font-weight:normal;color:var(--soft);font-size:.8em;margin-left:.4rem}
h3{font-size:1.02rem;margin:1rem 0 .35rem}h4{margin:.7rem 0 .3rem}
.facts,.users,.top{color:var(--soft);font-size:.86rem;margin:.2rem 0 .5rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.88rem}
th,td{border:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top}
thead th{background:#e9eef3;position:static;font-weight:600}
tbody th{font-weight:600}
.variables th:first-child{width:8rem}.variables th:nth-child(2){width:15%}.variables th:nth-child(3){width:6.5rem}.variables th:nth-child(4){width:5.5rem}.variables th:nth-child(5){width:14%}.variables th:nth-child(6){width:14%}.variables th:last-child{width:28%}
.values .variables th:first-child{width:17%}.values .variables th:nth-child(2){width:14%}.values .variables th:nth-child(4){width:13%}.values .variables th:nth-child(5){width:11%}.values .variables th:last-child{width:auto}
td{overflow-wrap:break-word}.summary th:first-child{width:8rem}.summary td:nth-child(2){width:35%}.codes th:first-child{width:32%}.codes th:last-child{width:9rem}
tr:target,article:target,.result:target,.values:target>h3,section:target>h2{background:var(--mark)}
small{color:var(--soft);font-size:.85em}.text{white-space:pre-line}.note{color:#34495e;border-left:3px solid var(--line);padding-left:.5rem;margin:.25rem 0}
.more{font-size:.8em;white-space:nowrap}.vlm{font-weight:normal;font-size:.85em}
.terms{margin:.2rem 0 0;padding-left:1.1rem;font-size:.95em}.plain{padding-left:1.1rem}
dl{display:grid;grid-template-columns:9rem minmax(0,1fr);gap:.2rem .8rem;margin:.3rem 0 .8rem}dt{color:var(--soft)}dd{margin:0}
pre{background:var(--back);border:1px solid var(--line);padding:.5rem;overflow:auto;font-size:.82rem;white-space:pre-wrap}
code{font-size:.9em;background:var(--back);padding:0 .2rem}
.result{border-left:4px solid #12324f;padding-left:.9rem;margin:.6rem 0 1rem}
details.lineage,details.long{margin-top:.3rem;font-size:.92em}summary{cursor:pointer;color:var(--blue)}details ol{margin:.2rem 0;padding-left:1.4rem}
.hidden{display:none!important}
@media(max-width:900px){.page{grid-template-columns:1fr}nav{position:static;height:auto;max-height:16rem;border-right:0}header{position:static;flex-wrap:wrap;gap:.6rem}header>div,form{width:100%}header p{white-space:normal}form{flex-wrap:wrap;gap:.5rem}form label{display:flex;gap:.5rem;align-items:center;flex:1 1 14rem}input{flex:1;width:auto;min-width:0}output{min-width:0;text-align:left}main{padding:1rem 1rem 4rem}dl{grid-template-columns:7rem minmax(0,1fr)}.variables{min-width:56rem}}
@media print{header{position:static;background:none;color:#000;padding:0}header p{white-space:normal}h2,h3,h4{break-after:avoid}details:not([open]){display:none}form,nav,.top,.skip,.more{display:none}.page{display:block}main{padding:0}section.dataset{break-before:page}tr,.result{break-inside:avoid}thead{display:table-header-group}table{font-size:8pt}.wide{overflow:visible}a{color:#000}body{font-size:9.5pt}}
]]></xsl:text></xsl:template>

  <xsl:template name="script"><xsl:text disable-output-escaping="yes"><![CDATA[
(function () {
  "use strict";
  var byDataset = document.getElementById("find-dataset"), byVariable = document.getElementById("find-variable");
  var count = document.getElementById("count");
  var sections = Array.prototype.slice.call(document.querySelectorAll("section.dataset"));
  var index = null, pending = 0;

  function lower(text) { return (text || "").toLowerCase(); }

  function build() {
    index = sections.map(function (section) {
      var rows = Array.prototype.slice.call(section.querySelectorAll("tr.variable"));
      return {
        section: section,
        name: section.dataset.dataset,
        words: lower(section.dataset.dataset + " " + section.dataset.label),
        rows: rows.map(function (row) { return { row: row, words: lower(row.textContent) }; }),
        values: Array.prototype.slice.call(section.querySelectorAll("div.values")),
        table: section.querySelector("div.wide")
      };
    });
  }

  function show(element, yes) { element.classList.toggle("hidden", !yes); }

  function filter() {
    pending = 0;
    if (!index) { build(); }
    var dataset = lower(byDataset.value.trim()), variable = lower(byVariable.value.trim());
    var shown = {}, datasets = 0, variables = 0;
    index.forEach(function (one) {
      var fits = one.words.indexOf(dataset) >= 0, hits = 0;
      one.rows.forEach(function (entry) {
        var yes = fits && (!variable || entry.words.indexOf(variable) >= 0);
        show(entry.row, yes);
        if (yes) { hits += 1; }
      });
      one.values.forEach(function (list) { show(list, !variable || list.querySelector("tr.variable:not(.hidden)")); });
      show(one.table, !variable || one.table.querySelector("tr.variable:not(.hidden)"));
      var visible = fits && (!variable || hits > 0);
      show(one.section, visible);
      shown[one.name] = visible;
      if (visible) { datasets += 1; variables += hits; }
    });
    Array.prototype.forEach.call(document.querySelectorAll("nav [data-dataset], #datasets [data-dataset]"), function (one) {
      show(one, shown[one.dataset.dataset]);
    });
    var filtering = dataset || variable;
    ["about", "analysis", "codelists", "dictionaries", "methods", "comments"].forEach(function (id) {
      var section = document.getElementById(id);
      if (section) { show(section, !filtering); }
    });
    count.textContent = filtering ? datasets + " datasets, " + variables + " rows" : "";
    if (filtering) { window.scrollTo(0, 0); }
  }

  function later() { if (!pending) { pending = window.setTimeout(filter, 80); } }

  function clear() { byDataset.value = ""; byVariable.value = ""; filter(); }

  // a link to something that a filter hides lifts the filter
  function reveal() {
    var name = decodeURIComponent(location.hash.slice(1)), target = name && document.getElementById(name);
    if (!target) { return; }
    if (target.closest(".hidden")) { clear(); }
    target.scrollIntoView();
    Array.prototype.forEach.call(document.querySelectorAll("nav a.here"), function (one) { one.classList.remove("here"); });
    var home = target.closest("section"), link = home && document.querySelector('nav a[href="#' + CSS.escape(home.id) + '"]');
    if (link) { link.classList.add("here"); }
  }

  byDataset.addEventListener("input", later);
  byVariable.addEventListener("input", later);
  document.getElementById("search").addEventListener("submit", function (event) { event.preventDefault(); });
  document.addEventListener("keydown", function (event) {
    var typing = event.target === byDataset || event.target === byVariable;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); byVariable.focus(); }
    if (event.key === "Escape" && typing) { clear(); }
    if (event.key === "Enter" && typing) {
      event.preventDefault();
      filter();
      var first = document.querySelector("nav [data-dataset]:not(.hidden) a");
      if (first) { first.focus(); }
    }
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && event.target.closest && event.target.closest("nav")) {
      var links = Array.prototype.slice.call(document.querySelectorAll("nav li:not(.hidden) > a"));
      var next = links[links.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
      if (next) { event.preventDefault(); next.focus(); }
    }
  });
  window.addEventListener("hashchange", reveal);
  reveal();
  document.documentElement.dataset.ready = "yes";
}());
]]></xsl:text></xsl:template>
</xsl:stylesheet>
